import { Fault } from '@norrix/contract/fault'
import { DatabaseError } from 'pg'
import type { DatabaseConfig } from './engine.ts'

/**
 * What the driver throws, sorted by what can be done about it. Codes are PostgreSQL's SQLSTATE (its manual, appendix A).
 */

/** A row with this unique value exists (unique_violation). */
export function isPostgresConflict(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '23505'
}

/** The engine gave this transaction up for another one's sake (serialization_failure, deadlock_detected): it may run again. */
export function isGivenUp(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === '40001' || error.code === '40P01')
}

/**
 * A prepared statement that the connection does not have, or whose tables another server's migration changed since. A new
 * connection has neither trouble.
 */
export function isStalePlan(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === '0A000' || error.code === '26000')
}

/**
 * Connections that broke or were refused (08, 28, 57P0x), a statement that took too long (57014, 55P03, 25P03), a server that is
 * out of room or out of order (53, 58), one that has become a copy (25006), a database that is not there (3D000).
 */
const outOfOrder = /^(?:08|28|53|58|57P0|57014$|55P03$|25P03$|25006$|3D000$)/

/** Whether the database could not do its work, whatever was asked of it. The connection is then not to be used again. */
export function isOutOfOrder(error: unknown): boolean {
  if (error instanceof DatabaseError) return outOfOrder.test(error.code ?? '')
  // What else the driver throws is about its connection; our own mistakes are the language's errors.
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof Fault)
}

/** A character that PostgreSQL's text cannot hold (character_not_in_repertoire): NUL is the only one that reaches it. */
function isUnstorable(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '22021'
}

/** The error as a fault where it has a name. It stays without host, user or password. */
export function named(error: unknown): unknown {
  if (isUnstorable(error)) {
    return new Fault('bad_request', {
      message: 'A text holds a character that cannot be kept.',
      fix: 'send it without NUL characters',
      cause: error,
    })
  }
  if (!isOutOfOrder(error) && !isGivenUp(error)) return error
  return new Fault('unavailable', {
    message: 'The database of this server does not answer.',
    fix: "try again in a few seconds; if it stays, tell the server's operator",
    cause: error,
  })
}

/** What `named` made of it, as whoever hosts the server reads it: where the database is said to be, and why it does not work. */
export function unusable(config: DatabaseConfig, error: unknown): unknown {
  if (config.kind === 'sqlite') return error
  if (!(error instanceof Fault) || error.code !== 'unavailable') return error
  const { host, port, database, user } = config
  const { cause } = error
  const why =
    cause instanceof Error ? cause.message || String(Object(cause).code ?? '') : 'no answer'
  return new Fault('database_unusable', {
    message: `The database ${database} at ${host}:${port} cannot be used as ${user}: ${why}.`,
    fix: 'start PostgreSQL, or mend `database` in norrix-server.json and the files it names',
    cause,
  })
}
