import { Client, type QueryResultRow } from 'pg'
import type { PostgresConfig } from '@norrix/server/kernel/db/database'

/** Runs one statement, outside of a transaction. */
export async function inPostgres(
  { host, port, database, user, password }: PostgresConfig,
  sql: string,
): Promise<QueryResultRow[]> {
  const client = new Client({
    host,
    port,
    database,
    user,
    password: () => password ?? '',
    ssl: false,
  })
  await client.connect()
  try {
    return (await client.query<QueryResultRow>(sql)).rows
  } finally {
    await client.end()
  }
}
