import type { DatabaseConfig } from '@norrix/server/kernel/db/database'
import type { Book, Contents } from './book.ts'
import { openPostgresBook } from './book-postgres.ts'
import { openSqliteBook } from './book-sqlite.ts'

/** Columns that say when something was last used. Reading may write these and nothing else. */
const bookkeeping: Readonly<Record<string, readonly string[]>> = {
  api_keys: ['last_used_at', 'last_used_address', 'last_used_agent'],
  runners: ['last_seen_at'],
  sessions: ['last_used_at', 'idle_expires_at'],
}

/** Every proof of a token's key is noted there, whatever it asks for: as much as looking a credential up. */
const unwatched = 'used_proofs'

/** Everything that a server has written, seen and put back through a connection of the sweep's own. */
export interface Ledger {
  /** Runs one statement, for what no operation can bring about yet. */
  run: Book['run']
  /** Takes the present contents as the state to compare with and to go back to. */
  keep(): Promise<void>
  /** Tables whose contents are not as kept, last-used bookkeeping left aside. */
  changes(): Promise<readonly string[]>
  /** Puts these tables back to what was kept. */
  restore(tables: readonly string[]): Promise<void>
  close(): Promise<void>
}

export async function openLedger(config: DatabaseConfig): Promise<Ledger> {
  const book = await (config.kind === 'sqlite' ? openSqliteBook(config) : openPostgresBook(config))
  let kept: Contents = new Map()
  let seenVersion = -1
  return {
    run: (sql, ...values) => book.run(sql, ...values),
    async keep() {
      seenVersion = await book.version()
      kept = await book.read()
    },
    async changes() {
      const now = await book.version()
      if (now === seenVersion) return []
      const all = await book.read()
      const changed = [...all.keys()].filter(
        (table) => table !== unwatched && told(all, table) !== told(kept, table),
      )
      if (changed.length === 0) seenVersion = now
      return changed
    },
    restore: (changed) =>
      book.write(new Map(changed.map((table) => [table, kept.get(table) ?? []]))),
    close: () => book.close(),
  }
}

/** A table's rows, whatever their order. */
function told(all: Contents, table: string): string {
  const aside = bookkeeping[table] ?? []
  const rows = (all.get(table) ?? []).map((row) =>
    JSON.stringify(row, (name, value: unknown) => (aside.includes(name) ? null : value)),
  )
  return rows.toSorted().join('\n')
}
