import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
  readonly kind: 'prod'
  readonly pid: number
  readonly ownerLink: () => Promise<{ readonly url: string }>
  stop(): Promise<void>
}

/** Starts an environment on a data folder and a database, new or filled; without a runner. */
export async function serve(dataFolder: string, database: StoreDatabase): Promise<Served> {
  const config = writeConfig(dataFolder, database)
  const env = { PATH: process.env['PATH'] ?? '', NORRIX_SERVER_CONFIG: config }
  const hosted = await hostAs(undefined, { cwd: dataFolder, env })
  const [server] = hosted.servers
  const { pid } = hosted.process
  if (!server || pid === undefined) throw new Error('The process hosts nothing.')
  const { url, ownerLink } = server
  return { url, pid, kind: 'prod', ownerLink: async () => ownerLink, stop: () => hosted.stop() }
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
