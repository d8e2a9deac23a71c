import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import {
  Kysely,
  SqliteDialect,
  SqliteQueryCompiler,
  type SelectQueryNode,
  type SqliteDatabase,
  type SqliteStatement,
} from 'kysely'
import { createBell } from '../bell.ts'
import type { Database, LookupValue, SqliteConfig } from './engine.ts'
import { migrateToLatest } from './migrate.ts'

/**
 * Opens a database in a file.
 *
 * @throws the driver's error when the file cannot be opened
 */
export function openSqlite<Tables>({ file }: SqliteConfig): Database<Tables> {
  const kysely = new Kysely<Tables>({ dialect: sqliteDialect(connect(file)) })
  const reader = connect(file, true)
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
    migrate: (migrations) => migrateToLatest(kysely, migrations),
    transaction: (work) => kysely.transaction().execute(work),
    // One process has the file: who waits is in it.
    bell: createBell(),
    async close() {
      reader.close()
      await kysely.destroy()
    },
  }
}

/** Whether an error says that a row with this unique value exists (SQLITE_CONSTRAINT_UNIQUE or _PRIMARYKEY). */
export function isSqliteConflict(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error)) return false
  return error.errcode === 2067 || error.errcode === 1555
}

/** One connection as durable as SQLite can be: WAL with an fsync for each commit. */
function connect(file: string, readOnly = false): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly, timeout: 5000 })
  if (!readOnly) database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;')
  database.exec('PRAGMA foreign_keys = ON;')
  return database
}

/** Gives Kysely's SQLite dialect the driver interface it expects, on `node:sqlite`. */
function sqliteDialect(database: DatabaseSync): SqliteDialect {
  const prepared = prepareOnce(database)
  const adapted: SqliteDatabase = {
    close: () => database.close(),
    prepare(sql) {
      // A transaction that reads first and then writes would be refused at once while another process writes, not wait.
      if (sql === 'begin') return prepared('begin immediate')
      // SQLite has rolled back by itself when there was no room; the caller has to hear of that, and not of this.
      if (sql === 'rollback' && !database.isTransaction) return prepared('select 1')
      return prepared(sql)
    },
  }
  return new LocklessSqliteDialect({ database: adapted })
}

/** Row locks are written where PostgreSQL needs them; here one transaction runs at a time, and no syntax has them. */
class LocklessSqliteDialect extends SqliteDialect {
  override createQueryCompiler(): SqliteQueryCompiler {
    return new LocklessCompiler()
  }
}

class LocklessCompiler extends SqliteQueryCompiler {
  protected override visitSelectQuery({ endModifiers: _, ...node }: SelectQueryNode): void {
    super.visitSelectQuery(node)
  }
}

/** More than the server has texts of SQL; lists of another length are other texts. */
const preparedMax = 500

/** Prepares each text once while it is among the newest: preparing costs as much as running. */
function prepareOnce(database: DatabaseSync): (sql: string) => SqliteStatement {
  const statements = new Map<string, SqliteStatement>()
  return (sql) => {
    const known = statements.get(sql)
    if (known) return known
    const [oldest] = statements.keys()
    if (oldest !== undefined && statements.size >= preparedMax) statements.delete(oldest)
    const statement = adaptStatement(database, sql)
    statements.set(sql, statement)
    return statement
  }
}

function adaptStatement(database: DatabaseSync, sql: string): SqliteStatement {
  const statement = database.prepare(sql)
  // Kysely hands values of our own tables through: text, numbers, bytes and null.
  const values = (parameters: readonly unknown[]) => [...parameters] as SQLInputValue[]
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    // Of its own: whoever runs the same text meanwhile would begin it anew.
    iterate: (parameters) => database.prepare(sql).iterate(...values(parameters)),
  } as SqliteStatement // `iterate` yields rows, which Kysely's type names more narrowly than node:sqlite does
}
