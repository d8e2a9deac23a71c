import type { Log } from '../log.ts'
import type { Database, DatabaseConfig } from './engine.ts'
import { openPostgres } from './postgres.ts'
import { isPostgresConflict } from './postgres-errors.ts'
import { isSqliteConflict, openSqlite } from './sqlite.ts'

export type { Database, DatabaseConfig, Db, LookupValue, PostgresConfig } from './engine.ts'

/**
 * Opens the database.
 *
 * @param log told of lost connections; an engine in a file has none
 * @throws the driver's error when a SQLite file cannot be opened; PostgreSQL is reached by `migrate` first
 */
export function openDatabase<Tables>(config: DatabaseConfig, log?: Log): Database<Tables> {
  return config.kind === 'sqlite' ? openSqlite(config) : openPostgres(config, log)
}

/** Whether an error says that a unique value is taken, on any engine. The transaction it came from is over. */
export function isConflict(error: unknown): boolean {
  return isSqliteConflict(error) || isPostgresConflict(error)
}
