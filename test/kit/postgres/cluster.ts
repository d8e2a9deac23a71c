import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { PostgresConfig } from '@norrix/server/kernel/db/database'
import { findBinaries, handOver, type Binaries } from './binaries.ts'

const run = promisify(execFile)

/** A PostgreSQL server of the tests' own. */
export interface Cluster {
  /** As its owner, by its Unix socket and without a password. */
  readonly owner: PostgresConfig
  /** The same, by TCP and with a password. */
  readonly remote: PostgresConfig
  start(): Promise<void>
  /** `immediate` is what a crash looks like to those who are connected. */
  stop(how: 'fast' | 'immediate'): Promise<void>
  /** Stops it and removes its files. */
  remove(): Promise<void>
}

// Fast rather than safe: what the tests lose in a crash of this machine, nobody misses.
const settings = {
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '400',
  shared_buffers: '64MB',
  max_wal_size: '256MB',
  autovacuum: 'off',
  log_min_messages: 'warning',
}

/** Makes and starts a server whose files are all in `folder`, which must not exist. */
export async function startCluster(folder: string): Promise<Cluster> {
  const binaries = await findBinaries()
  const data = join(folder, 'data')
  const password = randomBytes(18).toString('base64url')
  // Only its owner gets at the socket: by it, nobody asks for a password.
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await handOver(folder, binaries)
  const port = await freePort()
  await initialize(binaries, data, password)
  const listening = { ...settings, listen_addresses: '127.0.0.1', unix_socket_directories: folder }
  const lines = Object.entries(listening).map(([name, value]) => `${name} = '${value}'`)
  await appendFile(join(data, 'postgresql.conf'), [`port = ${port}`, ...lines, ''].join('\n'))
  await writeFile(
    join(data, 'pg_hba.conf'),
    'local all all trust\nhost all all all scram-sha-256\n',
  )
  const control = (...args: string[]) =>
    program(binaries, 'pg_ctl', ['-D', data, '-s', '-w', '-l', join(folder, 'log'), ...args])
  const start = () => control('start')
  const stop: Cluster['stop'] = (how) => control('stop', '-m', how)
  await start()
  const common = { kind: 'postgres' as const, port, user: 'norrix', database: 'postgres' }
  const limits = { connections: 4, statementMs: 60_000 }
  const owner = { ...common, ...limits, host: folder, password: undefined, tls: false } as const
  return {
    owner,
    remote: { ...owner, host: '127.0.0.1', password },
    start,
    stop,
    async remove() {
      await stop('immediate').catch(() => undefined)
      await rm(folder, { recursive: true, force: true })
      if (binaries.copy) await rm(binaries.copy, { recursive: true, force: true })
    },
  }
}

async function initialize(binaries: Binaries, data: string, password: string): Promise<void> {
  const file = `${data}.password`
  await writeFile(file, password, { mode: 0o600 })
  await handOver(file, binaries)
  // Sorted as people sort, which SQLite does not: whatever leans on an order of bytes shows.
  const order = ['--locale-provider=icu', '--icu-locale=en', '--locale=C']
  const rest = ['-E', 'UTF8', '-U', 'norrix', '--no-sync', '--no-instructions', '--pwfile', file]
  await program(binaries, 'initdb', ['-D', data, ...order, ...rest])
  await rm(file)
}

async function program({ folder, as }: Binaries, name: string, args: string[]): Promise<void> {
  const env = { PATH: process.env['PATH'], LC_ALL: 'C' }
  await run(join(folder, name), args, { ...as, cwd: '/', env })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on TCP
  await new Promise((resolve) => server.close(resolve))
  return port
}
