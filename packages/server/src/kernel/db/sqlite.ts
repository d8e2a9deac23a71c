import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { SqliteDialect, type SqliteDatabase, type SqliteStatement } from 'kysely'

/** Opens one connection as durable as SQLite can be: WAL with an fsync for each commit. */
export function openSqlite(file: string, readOnly = false): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly, timeout: 5000 })
  if (!readOnly) database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;')
  database.exec('PRAGMA foreign_keys = ON;')
  return database
}

/** Gives Kysely's SQLite dialect the driver interface it expects, on `node:sqlite`. */
export function sqliteDialect(database: DatabaseSync): SqliteDialect {
  const adapted: SqliteDatabase = {
    close: () => database.close(),
    prepare(sql) {
      // A transaction that reads first and then writes would be refused at once while another process writes, not wait.
      if (sql === 'begin') return adaptStatement(database.prepare('begin immediate'))
      // SQLite has rolled back by itself when there was no room; the caller has to hear of that, and not of this.
      if (sql === 'rollback' && !database.isTransaction)
        return adaptStatement(database.prepare('select 1'))
      return adaptStatement(database.prepare(sql))
    },
  }
  return new SqliteDialect({ database: adapted })
}

function adaptStatement(statement: StatementSync): SqliteStatement {
  // Kysely hands values of our own tables through: text, numbers, bytes and null.
  const values = (parameters: readonly unknown[]) => [...parameters] as SQLInputValue[]
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  } as SqliteStatement // `iterate` yields rows, which Kysely's type names more narrowly than node:sqlite does
}

/** Whether an error says that a row with this unique value exists (SQLITE_CONSTRAINT_UNIQUE or _PRIMARYKEY). */
export function isSqliteConflict(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error)) return false
  return error.errcode === 2067 || error.errcode === 1555
}
