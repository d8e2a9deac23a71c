import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PostgresConfig } from '@norrix/server/kernel/db/database'
import { hostAs, type Hosted, type HostedServer } from './hosted.ts'
import { freePort } from './free-port.ts'

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
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, `${database.password ?? ''}\n`, { mode: 0o600 })
  const started: FleetServer[] = []
  const balancer = await startBalancer(started)
  const publicUrl = `http://localhost:${balancer.port}`
  const write = (name: string, port: number, secrets: string): string => {
    const prod = {
      listen: { host: '127.0.0.1', port },
      publicUrl,
      data: join(folder, name),
      database: { kind: 'postgres', url: urlOf(database), passwordFile },
      secrets: { folder: secrets },
      blobs: { kind: 'folder', folder: join(folder, 'blobs') },
      signUp: 'open',
      runner: false,
    }
    const config = join(folder, `${name}.json`)
    writeFileSync(config, JSON.stringify({ environments: { prod } }))
    return config
  }
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
      return server
    },
    async stop() {
      balancer.close()
      await Promise.all(started.map(({ hosted }) => hosted.stop()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Gives each request to the next server, so that no two steps of a sign-in are answered by the same one. */
async function startBalancer(
  servers: readonly FleetServer[],
): Promise<{ port: number; close(): void }> {
  let next = 0
  const balancer = createServer((req, res) => {
    const target = servers[(next += 1) % servers.length]
    const options = { method: req.method ?? 'GET', headers: req.headers }
    const onward = request(`${target?.origin}${req.url}`, options, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(res)
    })
    onward.on('error', () => res.destroy())
    req.pipe(onward)
  })
  await new Promise<void>((resolve) => balancer.listen(0, 'localhost', resolve))
  const { port } = balancer.address() as AddressInfo // it listens on TCP
  return {
    port,
    close() {
      balancer.closeAllConnections()
      balancer.close()
    },
  }
}

function urlOf({ host, port, user, database }: PostgresConfig): string {
  return `postgres://${user}@${host}:${port}/${database}`
}
