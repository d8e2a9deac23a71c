import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
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
  if (engineUnderTest === 'sqlite') return inFolder(folder)
  return createInPostgres((await runningPostgres()).template)
}

/** A database as an operator makes it for a server that was never there: nothing is in it. */
export async function makeBareDatabase(folder: string): Promise<TestDatabase> {
  return engineUnderTest === 'sqlite' ? inFolder(folder) : createInPostgres('template0')
}

/** What a configuration says of this database, and of what has to be named beside PostgreSQL. A password goes into a file. */
export function asConfigured(config: DatabaseConfig, dataFolder: string): object {
  if (config.kind === 'sqlite') return {}
  const { host, port, user, database, password } = config
  const passwordFile = `${dataFolder}.password`
  if (password !== undefined) writeFileSync(passwordFile, password, { mode: 0o600 })
  return {
    database: {
      kind: 'postgres',
      url: `postgres:///${database}?host=${encodeURIComponent(host)}&port=${port}&user=${user}`,
      ...(password !== undefined && { passwordFile }),
    },
    secrets: { folder: join(dataFolder, 'secrets') },
    blobs: { kind: 'folder', folder: join(dataFolder, 'blobs') },
  }
}

/** Runs one statement behind the server's back. */
export async function runSql(config: DatabaseConfig, sql: string): Promise<object[]> {
  if (config.kind === 'postgres') return inPostgres(config, sql)
  const db = new DatabaseSync(config.file, { timeout: 5000 })
  try {
    return db
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }))
  } finally {
    db.close()
  }
}

function inFolder(folder: string): TestDatabase {
  const file = join(folder, 'norrix.db')
  return {
    config: { kind: 'sqlite', file },
    dump: async () => readFileSync(file, 'latin1') + readFileSync(`${file}-wal`, 'latin1'),
    drop: async () => undefined,
  }
}

async function createInPostgres(template: string): Promise<TestDatabase> {
  const { owner, prefix } = await runningPostgres()
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
