import { DatabaseSync } from 'node:sqlite'
import type { DatabaseConfig } from '@norrix/server/kernel/db/database'
import { insertion, type Book, type Row } from './book.ts'

export async function openSqliteBook({
  file,
}: Extract<DatabaseConfig, { kind: 'sqlite' }>): Promise<Book> {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false, timeout: 2000 })
  database.exec('PRAGMA synchronous = OFF')
  const tables = (): string[] =>
    database
      .prepare(
        `select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not like 'kysely_%'`,
      )
      .all()
      .map((row) => String(row['name']))
  return {
    run: async (sql, ...values) => void database.prepare(sql).run(...values),
    // Counts what other connections committed.
    version: async () => Number(database.prepare('PRAGMA data_version').get()?.['data_version']),
    read: async () =>
      new Map(
        tables().map((table) => [
          table,
          // node:sqlite types its rows wider than the file can hold
          database.prepare(`select * from ${table}`).all() as Row[],
        ]),
      ),
    async write(contents) {
      database.exec('begin immediate')
      for (const [table, rows] of contents) {
        database.exec(`delete from ${table}`)
        for (const row of rows) database.prepare(insertion(table, row)).run(...Object.values(row))
      }
      database.exec('commit')
    },
    close: async () => database.close(),
  }
}
