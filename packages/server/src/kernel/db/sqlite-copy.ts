import { backup, DatabaseSync } from 'node:sqlite'
import { closeSync, fsyncSync, openSync } from 'node:fs'

/** SQLite copies this many pages between two looks for writers: all of them. */
const everyPage = 2 ** 31 - 1

/**
 * Copies a SQLite database as it is at one moment, whoever writes to it meanwhile; the copy is durable. All pages go in one step:
 * a copy in several steps begins anew whenever another process has written, and beside a busy server never ends.
 */
export async function copySqlite(from: string, to: string): Promise<void> {
  const source = new DatabaseSync(from, { readOnly: true, timeout: 5000 })
  try {
    await backup(source, to, { rate: everyPage })
  } finally {
    source.close()
  }
  const handle = openSync(to, 'r+')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** What SQLite finds wrong with a database file; nothing when it is sound. Beside a server that serves it. */
export function sqliteFaults(file: string): readonly string[] {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 })
  try {
    const rows = database.prepare('PRAGMA quick_check(20)').all()
    return rows.map((row) => String(row['quick_check'])).filter((text) => text !== 'ok')
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  } finally {
    database.close()
  }
}
