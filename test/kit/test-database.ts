import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { DatabaseConfig } from '@norrix/server/kernel/db/database'
import { inPostgres } from './postgres/admin.ts'
import { runningPostgres } from './postgres/run.ts'

export type Engine = DatabaseConfig['kind']

/** Both, for what has to hold on each of them. */
export const engines: readonly Engine[] = ['sqlite', 'postgres']

/** What the run's servers keep their data in: `NORRIX_TEST_ENGINE`, SQLite where nothing is said. */
export const engineUnderTest: Engine =
  process.env['NORRIX_TEST_ENGINE'] === 'postgres' ? 'postgres' : 'sqlite'

export interface TestDatabase {
  readonly config: DatabaseConfig
  /** Once nobody is connected any more. On SQLite the folder goes, and the database with it. */
  drop(): Promise<void>
}

/** An empty database of its own. On PostgreSQL it is a migrated one, copied: migrating again costs more. */
export async function makeDatabase(
  folder: string,
  engine: Engine = engineUnderTest,
): Promise<TestDatabase> {
  if (engine === 'sqlite') {
    return {
      config: { kind: 'sqlite', file: join(folder, 'norrix.db') },
      drop: async () => undefined,
    }
  }
  const { owner, template, prefix } = await runningPostgres()
  const database = `${prefix}${randomBytes(6).toString('hex')}`
  await inPostgres(owner, `create database ${database} template ${template}`)
  return {
    config: { ...owner, database, connections: 10, statementMs: 10_000 },
    drop: async () => void (await inPostgres(owner, `drop database ${database} with (force)`)),
  }
}
