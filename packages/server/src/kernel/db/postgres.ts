import { setTimeout as sleep } from 'node:timers/promises'
import { createHash } from 'node:crypto'
import { Kysely, PostgresDialect } from 'kysely'
import type { Pool } from 'pg'
import type { Log } from '../log.ts'
import type { Database, LookupValue, PostgresConfig } from './engine.ts'
import { migrateToLatest } from './migrate.ts'
import { isGivenUp, isOutOfOrder, isStalePlan, named, unusable } from './postgres-errors.ts'
import { connected, guardPool, openPool } from './postgres-pool.ts'
import { openSharedBell } from './shared-bell.ts'

/** How often a transaction runs again that was given up for another one's sake. */
const attemptsMax = 6

/** Opens a database on a PostgreSQL server. Nothing is connected before it is needed. */
export function openPostgres<Tables>(
  config: PostgresConfig,
  log: Log | undefined,
): Database<Tables> {
  const pool = openPool(config, log)
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: guardPool(pool) }) })
  const bell = openSharedBell(config, log)
  return {
    kysely,
    bell,
    lookup: (sql) => lookupOn(pool, sql, config.connections),
    migrate: (migrations) => migrateAlone(config, log, migrations),
    // Each statement sees what is committed when it begins. Where a decision hangs on a row, the row is locked.
    transaction: (work) =>
      untilItHolds(() => kysely.transaction().setIsolationLevel('read committed').execute(work)),
    async close() {
      await bell.close()
      await kysely.destroy()
    },
  }
}

function lookupOn<Row>(
  pool: Pool,
  sql: string,
  connections: number,
): (...values: LookupValue[]) => Promise<Row | undefined> {
  const text = numbered(sql)
  // The same in every process; the driver prepares it once for each connection.
  const name = `norrix_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
  return async (...values) => {
    for (let stale = 0; ; stale += 1) {
      const client = await connected(pool)
      try {
        const { rows } = await client.query({ name, text, values })
        client.release()
        return rows[0] as Row | undefined // the caller's SQL decides the row's type
      } catch (error) {
        const isStale = isStalePlan(error)
        client.release(isStale || isOutOfOrder(error))
        if (!isStale || stale >= connections) throw named(error)
      }
    }
  }
}

/** `?` as PostgreSQL counts them: `$1`, `$2`. Look-ups are our own text and hold no question mark of another meaning. */
function numbered(sql: string): string {
  let count = 0
  return sql.replaceAll('?', () => `$${(count += 1)}`)
}

/**
 * Migrates on a connection of its own, on which no statement has a time limit: another server may hold the lock for long, and
 * a change of a large table takes long.
 *
 * @throws Fault database_unusable
 */
async function migrateAlone(
  config: PostgresConfig,
  log: Log | undefined,
  migrations: Parameters<Database<unknown>['migrate']>[0],
): Promise<void> {
  const pool = openPool({ ...config, connections: 1, statementMs: 0 }, log)
  const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: guardPool(pool) }) })
  try {
    await migrateToLatest(kysely, migrations)
  } catch (error) {
    throw unusable(config, error)
  } finally {
    await kysely.destroy()
  }
}

async function untilItHolds<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (!isGivenUp(error)) throw error
      if (attempts === attemptsMax) throw named(error)
      // Apart from each other, or the same two meet again.
      await sleep(Math.random() * 10 * 2 ** attempts)
    }
  }
}
