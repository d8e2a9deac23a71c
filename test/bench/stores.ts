import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseConfig, PostgresConfig } from '@norrix/server/kernel/db/database'
import { inPostgres } from '../kit/postgres/admin.ts'
import { ownPostgres, type OwnPostgres } from '../kit/postgres/run.ts'
import { familyMs } from './process-figures.ts'

/** An engine that servers keep their data in. */
export interface Store {
  readonly name: 'SQLite' | 'PostgreSQL'
  /** The least share of the floor that its key check aims at. */
  readonly keyCheckAim: number
  /** Makes a database for the server of this data folder. */
  make(dataFolder: string): Promise<StoreDatabase>
  /** Processor time of the engine's own processes until now, in ms; 0 where it runs in the server's. */
  processorMs(): number
  stop(): Promise<void>
}

export interface StoreDatabase {
  readonly config: DatabaseConfig
  /** What norrix-server.json says of it. */
  readonly inFile: object
  /** Lets the engine do after many writes what it would do in its own time. */
  settle(): Promise<void>
}

/** SQLite, and a PostgreSQL server that is started for the bench. */
export async function startStores(): Promise<readonly Store[]> {
  return [sqlite, await startPostgres()]
}

export const sqlite: Store = {
  name: 'SQLite',
  keyCheckAim: 0.25,
  make: async (dataFolder) => {
    const config = { kind: 'sqlite', file: join(dataFolder, 'norrix.db') } as const
    return { config, inFile: config, settle: async () => undefined }
  },
  processorMs: () => 0,
  stop: async () => undefined,
}

async function startPostgres(): Promise<Store> {
  const own = await ownPostgres()
  await makeDurable(own)
  const [row] = await inPostgres(own.owner, `select pg_read_file('postmaster.pid') as text`)
  const pid = Number.parseInt(String(row?.['text']))
  return {
    name: 'PostgreSQL',
    keyCheckAim: 0.15,
    make: (dataFolder) => makeDatabase(own, dataFolder),
    processorMs: () => familyMs(pid),
    stop: () => own.end(),
  }
}

/** The tests' server may lose what the machine loses; one that is measured may not. */
async function makeDurable({ owner }: OwnPostgres): Promise<void> {
  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
    await inPostgres(owner, `alter system set ${name} = on`)
  }
  await inPostgres(owner, 'select pg_reload_conf()')
}

async function makeDatabase(own: OwnPostgres, dataFolder: string): Promise<StoreDatabase> {
  const database = `${own.prefix}${randomBytes(6).toString('hex')}`
  await inPostgres(own.owner, `create database ${database} template ${own.template}`)
  const config: PostgresConfig = { ...own.remote, database, connections: 10 }
  const passwordFile = join(dataFolder, 'password')
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  writeFileSync(passwordFile, `${config.password ?? ''}\n`, { mode: 0o600 })
  const url = `postgres://${config.user}@${config.host}:${config.port}/${database}`
  return {
    config,
    inFile: { kind: 'postgres', url, passwordFile },
    settle: async () => void (await inPostgres({ ...own.owner, database }, 'vacuum analyze')),
  }
}
