import { Client, type ClientConfig, type QueryResultRow } from 'pg'
import type { PostgresConfig } from '@norrix/server/kernel/db/database'

/** Connects beside the server under test. Whoever asks ends the connection. */
export async function connectTo(
  { host, port, database, user, password }: PostgresConfig,
  types?: ClientConfig['types'],
): Promise<Client> {
  const client = new Client({
    host,
    port,
    database,
    user,
    password: () => password ?? '',
    ssl: false,
    ...(types && { types }),
  })
  await client.connect()
  return client
}

/** Runs one statement, outside of a transaction. */
export async function inPostgres(config: PostgresConfig, sql: string): Promise<QueryResultRow[]> {
  const client = await connectTo(config)
  try {
    return (await client.query<QueryResultRow>(sql)).rows
  } finally {
    await client.end()
  }
}
