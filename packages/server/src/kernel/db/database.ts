import type { SQLInputValue } from 'node:sqlite'
import { Kysely, type Transaction } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import { isSqliteConflict, openSqlite, sqliteDialect } from './sqlite.ts'

/**
 * What a store needs of the database or of a transaction, limited to the tables that it names. The full database is
 * assignable to it; writing another table through it is a type error. (`Kysely<Pick<…>>` itself is not assignable from
 * `Kysely<All>`: its schema-changing methods get in the way.)
 */
export type Db<T> = Pick<Kysely<T>, 'selectFrom' | 'insertInto' | 'updateTable' | 'deleteFrom'>

/** Where the database is. PostgreSQL joins as a second member. */
export type DatabaseConfig = { readonly kind: 'sqlite'; readonly file: string }

/** The values of a look-up's placeholders. */
export type LookupValue = string | number | null

/**
 * The database of one server.
 *
 * `kysely` is for everything but the credential check. On SQLite it is one connection: inside a transaction use the
 * transaction and nothing else, or the call waits for itself.
 *
 * `lookup` prepares a statement once on a connection of its own, which sees committed rows only. It is for the
 * credential check of every request, where Kysely's share was measured at a third of the request.
 */
export interface Database<Tables> {
  readonly kysely: Kysely<Tables>
  lookup<Row>(sql: string): (...values: LookupValue[]) => Promise<Row | undefined>
  /** Brings the tables up to date. Safe to call at every start. */
  migrate(migrations: Readonly<Record<string, Migration>>): Promise<void>
  /** Runs `work` in one transaction; it is durable when the promise resolves. */
  transaction<T>(work: (tx: Transaction<Tables>) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/**
 * Opens the database.
 *
 * @throws the driver's error when the file cannot be opened
 */
export function openDatabase<Tables>(config: DatabaseConfig): Database<Tables> {
  const kysely = new Kysely<Tables>({ dialect: sqliteDialect(openSqlite(config.file)) })
  const reader = openSqlite(config.file, true)
  return {
    kysely,
    lookup<Row>(sql: string) {
      // Prepared on first use: the tables exist only once migrations have run.
      let statement: ReturnType<typeof reader.prepare> | undefined
      return async (...values: LookupValue[]) => {
        statement ??= reader.prepare(sql)
        const row: unknown = statement.get(...(values satisfies SQLInputValue[]))
        return row as Row | undefined // the caller's SQL decides the row's type
      }
    },
    async migrate(migrations) {
      const migrator = new Migrator({
        db: kysely,
        provider: { getMigrations: async () => ({ ...migrations }) },
      })
      const { error } = await migrator.migrateToLatest()
      if (error) throw error
    },
    transaction: (work) => kysely.transaction().execute(work),
    async close() {
      reader.close()
      await kysely.destroy()
    },
  }
}

/** Whether an error says that a unique value is taken, on any engine. */
export function isConflict(error: unknown): boolean {
  return isSqliteConflict(error)
}
