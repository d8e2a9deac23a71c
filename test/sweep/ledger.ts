import { DatabaseSync, type SQLInputValue } from 'node:sqlite'

/** Columns that say when something was last used. Reading may write these and nothing else. */
const bookkeeping: Readonly<Record<string, readonly string[]>> = {
  api_keys: ['last_used_at', 'last_used_address', 'last_used_agent'],
  runners: ['last_seen_at'],
  sessions: ['last_used_at', 'idle_expires_at'],
}

type Row = Readonly<Record<string, SQLInputValue>>
type Contents = ReadonlyMap<string, readonly Row[]>

/**
 * Everything that a server has written, seen and put back through a second connection to its SQLite file. Tables are found
 * in the file itself, so a new one is watched without being named here.
 */
export interface Ledger {
  /** Runs one statement, for what no operation can bring about yet. */
  run(sql: string, ...values: SQLInputValue[]): void
  /** Takes the present contents as the state to compare with and to go back to. */
  keep(): void
  /** Tables whose contents are not as kept, last-used bookkeeping left aside. */
  changes(): readonly string[]
  /** Puts these tables back to what was kept. */
  restore(tables: readonly string[]): void
  close(): void
}

export function openLedger(file: string): Ledger {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false, timeout: 2000 })
  database.exec('PRAGMA synchronous = OFF')
  let kept: Contents = new Map()
  let seenVersion = -1

  // Counts what other connections committed; reading every table at each request would be most of the sweep's time.
  const version = (): number =>
    Number(database.prepare('PRAGMA data_version').get()?.['data_version'])
  const tables = (): string[] =>
    database
      .prepare(
        `select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not like 'kysely_%'`,
      )
      .all()
      .map((row) => String(row['name']))
  const contents = (): Contents =>
    new Map(
      tables().map((table) => [
        table,
        // node:sqlite types its rows wider than the file can hold
        database.prepare(`select * from ${table} order by rowid`).all() as Row[],
      ]),
    )
  const told = (all: Contents, table: string): string => {
    const aside = bookkeeping[table] ?? []
    const rows = all.get(table) ?? []
    return JSON.stringify(rows, (name, value: unknown) => (aside.includes(name) ? null : value))
  }

  return {
    run: (sql, ...values) => void database.prepare(sql).run(...values),
    keep() {
      seenVersion = version()
      kept = contents()
    },
    changes() {
      const now = version()
      if (now === seenVersion) return []
      const all = contents()
      const changed = [...all.keys()].filter((table) => told(all, table) !== told(kept, table))
      if (changed.length === 0) seenVersion = now
      return changed
    },
    restore(changed) {
      database.exec('begin immediate')
      for (const table of changed) {
        database.exec(`delete from ${table}`)
        for (const row of kept.get(table) ?? []) {
          const names = Object.keys(row)
          const marks = names.map(() => '?').join(', ')
          database
            .prepare(`insert into ${table} (${names.join(', ')}) values (${marks})`)
            .run(...Object.values(row))
        }
      }
      database.exec('commit')
    },
    close: () => database.close(),
  }
}
