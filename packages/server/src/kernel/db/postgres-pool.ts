import { Pool, TypeOverrides, type ClientBase, type ClientConfig, type PoolClient } from 'pg'
import type { PostgresPool, PostgresPoolClient } from 'kysely'
import { Fault } from '@norrix/contract/fault'
import type { Log } from '../log.ts'
import type { PostgresConfig } from './engine.ts'
import { isGivenUp, isOutOfOrder, named } from './postgres-errors.ts'

/** How long a request waits for a connection, a new one or one of those in use. */
const connectMs = 5000
/** A transaction in which nothing happens for this long is one whose server hangs: its locks are let go. */
const idleTransactionMs = 30_000
const idleConnectionMs = 30_000
const oldestServer = 150_000

/** What every connection is opened with. Nothing is taken from the process's own PG… variables. */
export function connectionOf(config: PostgresConfig): ClientConfig {
  const { host, port, database, user, password, tls } = config
  return {
    host,
    port,
    database,
    user,
    // A function: with an empty value the driver would look for one in the environment and in ~/.pgpass.
    password: () => password ?? '',
    ssl: tls && { rejectUnauthorized: true, ...(tls.ca === undefined ? {} : { ca: tls.ca }) },
    application_name: 'norrix',
    keepAlive: true,
    connectionTimeoutMillis: connectMs,
    types: numbersForIntegers(),
  }
}

/**
 * The driver's pool with every failure named. A connection that failed is thrown away, and the next request opens a new one:
 * so the server is back as soon as the database is.
 */
export function openPool(config: PostgresConfig, log: Log | undefined): Pool {
  // The driver waits for it; its types do not say so.
  const prepared = {
    onConnect: (client: ClientBase) => prepareConnection(client, config.statementMs),
  }
  const pool = new Pool({
    ...connectionOf(config),
    ...prepared,
    max: config.connections,
    idleTimeoutMillis: idleConnectionMs,
    // The server ends a statement itself; this is for one whose answer never comes.
    ...(config.statementMs > 0 && { query_timeout: config.statementMs + 2000 }),
  })
  // A connection that breaks says so by an event too, whether somebody uses it or not: unheard, that would end the process.
  pool.on('error', (cause) => log?.warn('database.connection_lost', { cause }))
  pool.on('connect', (client) => {
    client.on('error', (cause) => log?.debug('database.connection_broke', { cause }))
  })
  return pool
}

/** The pool as Kysely wants it. */
export function guardPool(pool: Pool): PostgresPool {
  return {
    options: {},
    connect: async () => guardClient(await connected(pool)),
    end: () => pool.end(),
  }
}

/** @throws Fault unavailable */
export function connected(pool: Pool): Promise<PoolClient> {
  return pool.connect().catch((error: unknown) => {
    throw named(error)
  })
}

function guardClient(client: PoolClient): PostgresPoolClient {
  let isBroken = false
  const watched = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer
    } catch (error) {
      if (isOutOfOrder(error)) isBroken = true
      // Given up is left as it is: the transaction runs again.
      throw isGivenUp(error) ? error : named(error)
    }
  }
  const guarded = {
    query: (sql: string, values: readonly unknown[]) => watched(client.query(sql, [...values])),
    release: () => client.release(isBroken),
  }
  return guarded as unknown as PostgresPoolClient // Kysely's other form of `query`, with a cursor, is used nowhere here
}

/**
 * Settles what a server's own settings could have otherwise, and looks that this is a server to be trusted with what must be true
 * at once: not an older one, and no copy that lags behind (ruling 2: no read replica).
 *
 * @throws Fault unavailable
 */
async function prepareConnection(client: ClientBase, statementMs: number): Promise<void> {
  const { rows } = await client.query<{ version: number; encoding: string; copy: boolean }>(
    `select set_config('statement_timeout', $1, false),
            set_config('idle_in_transaction_session_timeout', $2, false),
            set_config('default_transaction_isolation', 'read committed', false),
            set_config('synchronous_commit', case when current_setting('synchronous_commit') in ('off', 'local')
              then 'on' else current_setting('synchronous_commit') end, false),
            current_setting('server_version_num')::int as version,
            current_setting('server_encoding') as encoding,
            pg_is_in_recovery() as copy`,
    [String(statementMs), String(idleTransactionMs)],
  )
  const [server] = rows
  if (!server || server.copy) throw unfit('is a copy that follows another server')
  if (server.version < oldestServer) throw unfit('is older than PostgreSQL 15')
  if (server.encoding !== 'UTF8') throw unfit(`keeps text as ${server.encoding}, not as UTF8`)
}

function unfit(why: string): Fault {
  return new Fault('unavailable', {
    message: 'The database of this server cannot be used.',
    fix: "tell the server's operator",
    cause: new Error(`the database ${why}`),
  })
}

/** Times, sizes and counts are `int8` and sums `numeric`, which the driver hands out as text for fear of their size. */
function numbersForIntegers(): TypeOverrides {
  const types = new TypeOverrides()
  for (const oid of [20, 1700]) types.setTypeParser(oid, toSafeNumber)
  return types
}

function toSafeNumber(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number)) throw new RangeError(`${text} is no integer below 2^53.`)
  return number
}
