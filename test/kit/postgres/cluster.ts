import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { PostgresConfig } from '@norrix/server/kernel/db/database'
import { findBinaries, handOver, type Binaries } from './binaries.ts'
import { freePort } from '../free-port.ts'

const run = promisify(execFile)

/** A PostgreSQL server of the tests' own. */
export interface Cluster {
  /** As its owner, by its Unix socket and without a password. */
  readonly owner: PostgresConfig
  /** The same, by TCP and with a password. */
  readonly remote: PostgresConfig
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
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const binaries = await findBinaries(join(folder, 'npm'))
  // Only its owner gets at the socket: by it, nobody is asked for a password.
  await handOver(folder, binaries)
  const data = join(folder, 'data')
  const password = randomBytes(18).toString('base64url')
  const port = await freePort()
  await initialize(binaries, data, password)
  const listening = { ...settings, listen_addresses: '127.0.0.1', unix_socket_directories: folder }
  const lines = Object.entries(listening).map(([name, value]) => `${name} = '${value}'`)
  await appendFile(join(data, 'postgresql.conf'), [`port = ${port}`, ...lines, ''].join('\n'))
  await writeFile(
    join(data, 'pg_hba.conf'),
    'local all all trust\nhost all all all scram-sha-256\n',
  )
  await controlCluster(folder, ['start'])
  const limits = { connections: 4, statementMs: 60_000 }
  const name = { kind: 'postgres', port, user: 'norrix', database: 'postgres' } as const
  const owner = { ...name, ...limits, host: folder, password: undefined, tls: false } as const
  return { owner, remote: { ...owner, host: '127.0.0.1', password } }
}

/** Starts or stops the server of `folder`; `immediate` is what a crash looks like to those who are connected. */
export async function controlCluster(
  folder: string,
  what: ['start'] | ['stop', '-m', 'fast' | 'immediate'],
): Promise<void> {
  const binaries = await findBinaries(join(folder, 'npm'))
  const args = ['-D', join(folder, 'data'), '-s', '-w', '-l', join(folder, 'log'), ...what]
  await program(binaries, 'pg_ctl', args)
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
