import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EnvironmentKind } from '@norrix/contract/api-key-format.policy'
import {
  defaultLimits,
  type EnvironmentConfig,
  type Limits,
  type RunnerConfig,
} from '@norrix/server/config'
import type { SignIn, SignUp, UpstreamConfig } from '@norrix/server/features/identity/index'
import { createLog } from '@norrix/server/kernel/log'
import { startServer, type NorrixServer } from '@norrix/server/server'
import { makeDatabase, type TestDatabase } from './test-database.ts'

export interface NorrixOptions {
  readonly kinds?: readonly EnvironmentKind[]
  readonly upstreams?: readonly UpstreamConfig[]
  readonly signUp?: SignUp
  readonly signIn?: SignIn
  /** None unless a test asks for one. */
  readonly runner?: Partial<RunnerConfig>
  readonly limits?: Partial<Limits>
  /** Milliseconds since 1970; the real clock unless a test turns its own. */
  readonly now?: () => number
  /** Where the packed command line and the dashboard lie; what `npm run build` made unless a test brings its own. */
  readonly distribution?: string
  /** Of the server; the contract's unless a test has two versions meet. */
  readonly version?: string
}

export interface Norrix {
  readonly prod: NorrixServer
  /** Throws unless `kinds` named it. */
  readonly dev: NorrixServer
  /** The data folders of all environments. */
  readonly folder: string
  /** Where an environment's data is, for a test that looks behind its back. */
  database(kind?: EnvironmentKind): EnvironmentConfig['database']
  /** Every line the servers logged. */
  readonly log: readonly string[]
  stop(): Promise<void>
}

/** Signing in is not what most tests are about; the tests of passwords hold the real cost. */
export const passwordCost = { log2N: 10, r: 8, p: 1 }

/** What `npm run build` made. */
export const distribution = fileURLToPath(new URL('../../dist', import.meta.url))

/** A real Norrix on free ports, with real files in a temporary folder. Stop it, and the folder is gone. */
export async function startNorrix(options: NorrixOptions = {}): Promise<Norrix> {
  const folder = mkdtempSync(join(tmpdir(), 'norrix-test-'))
  const log: string[] = []
  const effects = {
    now: options.now ?? Date.now,
    random: randomBytes,
    log: createLog((line) => log.push(line), { level: 'debug' }),
  }
  const servers: NorrixServer[] = []
  const databases: TestDatabase[] = []
  for (const kind of options.kinds ?? ['prod']) {
    const sibling = (): NorrixServer | undefined => servers.find((other) => other.kind !== kind)
    const database = await makeDatabase(join(folder, kind))
    databases.push(database)
    const config = configOf(kind, join(folder, kind), database.config, options)
    servers.push(
      await startServer(config, {
        effects,
        distribution: options.distribution ?? distribution,
        sibling,
        passwordCost,
        ...(options.version !== undefined && { version: options.version }),
      }),
    )
  }
  const find = (kind: EnvironmentKind): NorrixServer => {
    const server = servers.find((one) => one.kind === kind)
    if (!server) throw new Error(`This Norrix was started without ${kind}.`)
    return server
  }
  return {
    get prod() {
      return find('prod')
    },
    get dev() {
      return find('dev')
    },
    folder,
    log,
    database(kind = 'prod') {
      const database = databases[(options.kinds ?? ['prod']).indexOf(kind)]
      if (!database) throw new Error(`This Norrix was started without ${kind}.`)
      return database.config
    },
    async stop() {
      await Promise.all(servers.map((server) => server.stop()))
      await Promise.all(databases.map((database) => database.drop()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export function configOf(
  kind: EnvironmentKind,
  dataFolder: string,
  database: EnvironmentConfig['database'],
  options: NorrixOptions,
): EnvironmentConfig {
  return {
    kind,
    name: 'Norrix',
    listen: { host: 'localhost', port: 0 },
    publicUrl: undefined,
    dataFolder,
    database,
    blobsFolder: join(dataFolder, 'blobs'),
    secretsFolder: join(dataFolder, 'secrets'),
    upstreams: options.upstreams ?? [{ kind: 'embedded' }],
    secretFiles: [],
    signUp: options.signUp ?? { kind: 'invite' },
    signIn: options.signIn ?? { device: true },
    runner: options.runner && {
      platforms: ['android'],
      allowNoIsolation: false,
      env: {},
      readable: [],
      path: process.env['PATH'] ?? '',
      ...options.runner,
    },
    limits: { ...defaultLimits, ...options.limits },
    metrics: undefined,
    accessLog: true,
    drain: { noticeMs: 0, limitMs: 2000 },
  }
}
