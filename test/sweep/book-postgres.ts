import { TypeOverrides } from 'pg'
import type { PostgresConfig } from '@norrix/server/kernel/db/database'
import { connectTo } from '../kit/postgres/admin.ts'
import { insertion, type Book, type Contents, type Row } from './book.ts'

/** Its triggers count every statement that writes: a sequence moves at once, and is never rolled back. */
const watch = `
  create sequence watched;
  create function note_write() returns trigger language plpgsql as
    $$ begin perform nextval('watched'); return null; end $$;`

export async function openPostgresBook(config: PostgresConfig): Promise<Book> {
  const types = new TypeOverrides()
  types.setTypeParser(20, Number)
  const client = await connectTo(config, types)
  const found = await client.query<{ name: string }>(
    `select table_name as name from information_schema.tables
     where table_schema = 'public' and table_type = 'BASE TABLE' and table_name not like 'kysely_%'`,
  )
  const tables = found.rows.map(({ name }) => name)
  await client.query(watch)
  for (const table of tables) {
    await client.query(
      `create trigger watched after insert or update or delete on ${table} execute function note_write()`,
    )
  }
  // Neither foreign keys nor the triggers above hold for what this connection writes.
  await client.query('set session_replication_role = replica')
  const run: Book['run'] = async (sql, ...values) => {
    let count = 0
    await client.query(
      sql.replaceAll('?', () => `$${(count += 1)}`),
      values,
    )
  }
  return {
    run,
    version: async () => {
      const { rows } = await client.query<{ last_value: number }>('select last_value from watched')
      return rows[0]?.last_value ?? 0
    },
    async read() {
      const contents = new Map<string, readonly Row[]>()
      for (const table of tables) {
        contents.set(table, (await client.query<Row>(`select * from ${table}`)).rows)
      }
      return contents satisfies Contents
    },
    async write(contents) {
      await client.query('begin')
      for (const [table, rows] of contents) {
        await client.query(`delete from ${table}`)
        for (const row of rows) await run(insertion(table, row), ...Object.values(row))
      }
      await client.query('commit')
    },
    close: () => client.end(),
  }
}
