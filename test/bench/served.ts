import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { hostAs } from '../kit/hosted.ts'
import type { StoreDatabase } from './stores.ts'

/** A folder for everything that a table makes; `remove` takes it away. */
export function scratchFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'norrix-bench-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A server of ours in a process of its own. */
export interface Served {
  readonly url: string
  stop(): Promise<void>
}

export interface Unclaimed extends Served {
  readonly kind: 'prod'
  readonly ownerLink: () => Promise<{ readonly url: string }>
}

const main = fileURLToPath(import.meta.resolve('@norrix/server/main'))
const patienceMs = 60_000

/** Starts `norrix-server` as a service manager does: by its configuration, its log written to a file. */
export async function serve(
  dataFolder: string,
  database: StoreDatabase,
): Promise<Served & { readonly pid: number }> {
  const config = writeConfig(dataFolder, database)
  const logFile = join(dataFolder, 'server.log')
  const log = openSync(logFile, 'w', 0o600)
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env['PATH'], NORRIX_SERVER_CONFIG: config },
    stdio: ['ignore', log, 'inherit'],
  })
  closeSync(log)
  const { pid = 0 } = child
  const ended = once(child, 'exit')
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
  }
  for (const until = Date.now() + patienceMs; Date.now() < until; await pause(50)) {
    const url = announcedIn(readFileSync(logFile, 'utf8'))
    if (url !== undefined) return { url, pid, stop }
    if (child.exitCode !== null) break
  }
  await stop()
  throw new Error(`The server did not start: ${readFileSync(logFile, 'utf8')}`)
}

/** The address in the log of a server that starts. */
export function announcedIn(log: string): string | undefined {
  return /"event":"server.started".*?"url":"([^"]+)"/.exec(log)?.[1]
}

/** Starts a server that nobody has claimed yet, with the link to do so. */
export async function serveUnclaimed(
  dataFolder: string,
  database: StoreDatabase,
): Promise<Unclaimed> {
  const config = writeConfig(dataFolder, database)
  const env = { PATH: process.env['PATH'] ?? '', NORRIX_SERVER_CONFIG: config }
  const hosted = await hostAs(undefined, { cwd: dataFolder, env })
  const [server] = hosted.servers
  if (!server) throw new Error('The process hosts nothing.')
  const { url, ownerLink } = server
  return { url, kind: 'prod', ownerLink: async () => ownerLink, stop: () => hosted.stop() }
}

/** @returns the file for `NORRIX_SERVER_CONFIG` */
export function writeConfig(dataFolder: string, { config, inFile }: StoreDatabase): string {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  const prod = {
    listen: { host: '127.0.0.1', port: 0 },
    data: dataFolder,
    database: inFile,
    runner: false,
    blobs: { kind: 'folder', folder: join(dataFolder, 'blobs') },
    ...(config.kind === 'postgres' && { secrets: { folder: join(dataFolder, 'secrets') } }),
  }
  const file = join(dataFolder, 'norrix-server.json')
  writeFileSync(file, JSON.stringify({ environments: { prod } }))
  return file
}
