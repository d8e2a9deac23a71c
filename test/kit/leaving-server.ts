import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '@norrix/server/kernel/log'
import { startServer, type NorrixServer } from '@norrix/server/server'
import { freePort } from './free-port.ts'
import { configOf, distribution, passwordCost } from './norrix.ts'
import { makeDatabase } from './test-database.ts'

/** A server that goes away and comes back: the same data, the same address. */
export interface LeavingServer {
  readonly url: string
  readonly port: number
  readonly server: NorrixServer
  leave(): Promise<void>
  comeBack(): Promise<void>
  /** For good. */
  stop(): Promise<void>
}

export async function leavingServer(): Promise<LeavingServer> {
  const folder = mkdtempSync(join(tmpdir(), 'norrix-leaving-'))
  const database = await makeDatabase(join(folder, 'prod'))
  const port = await freePort()
  const config = {
    ...configOf('prod', join(folder, 'prod'), database.config, {}),
    listen: { host: 'localhost', port },
  }
  const effects = { now: Date.now, random: randomBytes, log: createLog(() => {}) }
  const sibling = () => undefined
  const start = () => startServer(config, { effects, distribution, sibling, passwordCost })
  let server: NorrixServer | undefined = await start()
  const running = (): NorrixServer => {
    if (!server) throw new Error('The server has left.')
    return server
  }
  const leave = async (): Promise<void> => {
    await server?.stop()
    server = undefined
  }
  return {
    url: running().url,
    port,
    get server() {
      return running()
    },
    leave,
    async comeBack() {
      server = await start()
    },
    async stop() {
      await leave()
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
