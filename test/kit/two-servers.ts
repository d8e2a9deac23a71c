import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PostgresConfig } from '@norrix/server/kernel/db/database'
import { startBalancer } from './balancer.ts'
import { freePort } from './free-port.ts'
import { hostAs, type Hosted, type HostedServer } from './hosted.ts'

/** Server processes on one PostgreSQL, as a company hosts them: one public address, a data folder for each, one folder of blobs. */
export interface Fleet {
  /** What people type: a balancer, which gives each request to the next server. */
  readonly publicUrl: string
  readonly folder: string
  /** Starts one more. Its secrets are a copy of the first one's. */
  start(): Promise<FleetServer>
  /** The configuration of one that is not started, with these secrets. */
  configFor(secrets: string): string
  stop(): Promise<void>
}

export interface FleetServer {
  /** Where this very process listens. */
  readonly origin: string
  readonly hosted: Hosted
  readonly prod: HostedServer
}

export async function startFleet(database: PostgresConfig): Promise<Fleet> {
  const folder = mkdtempSync(join(tmpdir(), 'norrix-fleet-'))
  const started: FleetServer[] = []
  const balancer = await startBalancer()
  const publicUrl = balancer.url
  const write = (name: string, port: number, secrets: string): string =>
    writeFleetConfig({ folder, database, publicUrl }, { name, port, secrets })
  return {
    publicUrl,
    folder,
    configFor: (secrets) => write('refused', 0, secrets),
    async start() {
      const number = started.length + 1
      const secrets = join(folder, `secrets-${number}`)
      if (number > 1) cpSync(join(folder, 'secrets-1'), secrets, { recursive: true })
      const port = await freePort()
      const config = write(`server-${number}`, port, secrets)
      const env = { PATH: process.env['PATH'] ?? '', NORRIX_SERVER_CONFIG: config }
      const hosted = await hostAs(undefined, { cwd: folder, env })
      const [prod] = hosted.servers
      if (!prod) throw new Error('The process hosts nothing.')
      const server = { origin: `http://127.0.0.1:${port}`, hosted, prod }
      started.push(server)
      balancer.add(server.origin)
      return server
    },
    async stop() {
      await balancer.close()
      await Promise.all(started.map(({ hosted }) => hosted.stop()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Where the servers of a fleet lie, and what they share. */
export interface FleetPlace {
  readonly folder: string
  readonly database: PostgresConfig
  readonly publicUrl: string
}

/** Writes the configuration of one server: its own data folder, port and secrets. */
export function writeFleetConfig(
  { folder, database, publicUrl }: FleetPlace,
  own: { readonly name: string; readonly port: number; readonly secrets: string },
  more: Readonly<Record<string, unknown>> = {},
): string {
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, `${database.password ?? ''}\n`, { mode: 0o600 })
  const prod = {
    listen: { host: '127.0.0.1', port: own.port },
    publicUrl,
    data: join(folder, own.name),
    database: { kind: 'postgres', url: urlOf(database), passwordFile },
    secrets: { folder: own.secrets },
    blobs: { kind: 'folder', folder: join(folder, 'blobs') },
    signUp: 'open',
    runner: false,
    // A million requests would be a million lines, kept.
    accessLog: false,
    ...more,
  }
  const config = join(folder, `${own.name}.json`)
  writeFileSync(config, JSON.stringify({ environments: { prod } }))
  return config
}

function urlOf({ host, port, user, database }: PostgresConfig): string {
  return `postgres://${user}@${host}:${port}/${database}`
}
