import type { Kysely, Transaction } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { Bell } from '../bell.ts'

/**
 * What a store needs of the database or of a transaction, limited to the tables that it names. The full database is
 * assignable to it; writing another table through it is a type error. (`Kysely<Pick<…>>` itself is not assignable from
 * `Kysely<All>`: its schema-changing methods get in the way.)
 */
export type Db<T> = Pick<Kysely<T>, 'selectFrom' | 'insertInto' | 'updateTable' | 'deleteFrom'>

/** The values of a look-up's placeholders. */
export type LookupValue = string | number | null

/** Where the database is. */
export type DatabaseConfig = SqliteConfig | PostgresConfig

export interface SqliteConfig {
  readonly kind: 'sqlite'
  readonly file: string
}

/** PostgreSQL 15 or later. Several servers may share one. */
export interface PostgresConfig {
  readonly kind: 'postgres'
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string | undefined
  /** False only on this machine, or where the operator says so. `ca`: PEM of who may vouch for the server. */
  readonly tls: false | { readonly ca: string | undefined }
  /** The most that this process opens, besides one that listens. */
  readonly connections: number
  /** How long one statement may take before the request fails; 0: as long as it likes. */
  readonly statementMs: number
}

/**
 * The database of one server.
 *
 * `kysely` is for everything but the credential check. On SQLite it is one connection: inside a transaction use the
 * transaction and nothing else, or the call waits for itself.
 *
 * `lookup` prepares a statement once for each connection, and sees committed rows only. It is for the credential check of
 * every request, where Kysely's share was measured at a third of the request. Placeholders are written `?`.
 */
export interface Database<Tables> {
  readonly kysely: Kysely<Tables>
  lookup<Row>(sql: string): (...values: LookupValue[]) => Promise<Row | undefined>
  /** Brings the tables up to date. Safe to call at every start, and by several servers at once. */
  migrate(migrations: Readonly<Record<string, Migration>>): Promise<void>
  /**
   * Runs `work` in one transaction; it is durable when the promise resolves. Where the engine gives a transaction up for
   * another one's sake, `work` runs again from its start: it must do nothing outside of `tx`.
   *
   * A row that is read to decide what to write is read with `forUpdate` or `forShare`: SQLite has one writer and leaves these
   * out, PostgreSQL has many.
   *
   * @throws Fault unavailable when the database is gone or does not answer in time: whether it was done is not known then
   */
  transaction<T>(work: (tx: Transaction<Tables>) => Promise<T>): Promise<T>
  /** Rings for those who wait in any process on this database. It is a hint: whoever waits also looks after a time. */
  readonly bell: Bell
  close(): Promise<void>
}
