import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseConfig, PostgresConfig } from '@norrix/server/kernel/db/database'
import { inPostgres } from './postgres/admin.ts'
import { runningPostgres } from './postgres/run.ts'

/** What the run's servers keep their data in: `NORRIX_TEST_ENGINE`, SQLite where nothing is said. */
export const engineUnderTest: DatabaseConfig['kind'] =
  process.env['NORRIX_TEST_ENGINE'] === 'postgres' ? 'postgres' : 'sqlite'

export interface TestDatabase {
  readonly config: DatabaseConfig
  /** Everything that it holds: the bytes of the file, or every row as text. */
  dump(): Promise<string>
  /** Once nobody is connected any more. On SQLite the folder goes, and the database with it. */
  drop(): Promise<void>
}

/** An empty database of its own. On PostgreSQL it is a migrated one, copied: migrating again costs more. */
export async function makeDatabase(folder: string): Promise<TestDatabase> {
  if (engineUnderTest === 'sqlite') {
    const file = join(folder, 'norrix.db')
    return {
      config: { kind: 'sqlite', file },
      dump: async () => readFileSync(file, 'latin1') + readFileSync(`${file}-wal`, 'latin1'),
      drop: async () => undefined,
    }
  }
  const { owner, template, prefix } = await runningPostgres()
  const database = `${prefix}${randomBytes(6).toString('hex')}`
  await inPostgres(owner, `create database ${database} template ${template}`)
  return {
    config: { ...owner, database, connections: 10, statementMs: 10_000 },
    dump: () => everyRow({ ...owner, database }),
    drop: async () => void (await inPostgres(owner, `drop database ${database} with (force)`)),
  }
}

async function everyRow(database: PostgresConfig): Promise<string> {
  const tables = await inPostgres(
    database,
    `select table_name as name from information_schema.tables where table_schema = 'public'`,
  )
  const rows = []
  for (const { name } of tables) {
    rows.push(...(await inPostgres(database, `select row_to_json(t)::text as row from ${name} t`)))
  }
  return rows.map(({ row }) => String(row)).join('\n')
}
