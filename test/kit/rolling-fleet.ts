import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PostgresConfig } from '@norrix/server/kernel/db/database'
import { startBalancer, type Balancer } from './balancer.ts'
import { freePort } from './free-port.ts'
import { runNorrixServer, serveProcess } from './norrix-server.ts'
import type { Ran } from './run-norrix.ts'
import { writeFleetConfig } from './two-servers.ts'

/** Two `norrix-server serve` on one PostgreSQL behind a balancer, as an operator starts, stops and rotates them. */
export interface RollingFleet {
  readonly balancer: Balancer
  readonly members: readonly [Member, Member]
  stop(): Promise<void>
}

export interface Member {
  readonly origin: string
  readonly secretsFolder: string
  /** SIGTERM, and once the process has ended a new one with the same configuration. The old one's exit code. */
  restart(): Promise<number | null>
  /** `norrix-server` with these words on this server's host. */
  run(words: readonly string[]): Promise<Ran>
  stop(): Promise<void>
}

/** Longer than the balancer takes to notice, on a busy machine too. */
const drain = { noticeSeconds: 2, limitSeconds: 10 }

export async function startRollingFleet(database: PostgresConfig): Promise<RollingFleet> {
  const folder = mkdtempSync(join(tmpdir(), 'norrix-rolling-'))
  const balancer = await startBalancer()
  const start = async (name: string, secretsFolder: string): Promise<Member> => {
    const port = await freePort()
    const place = { folder, database, publicUrl: balancer.url }
    const config = writeFleetConfig(place, { name, port, secrets: secretsFolder }, { drain })
    let serving = await serveProcess(config)
    const origin = `http://127.0.0.1:${port}`
    balancer.add(origin)
    return {
      origin,
      secretsFolder,
      async restart() {
        const code = await serving.stop()
        serving = await serveProcess(config)
        return code
      },
      run: (words) => runNorrixServer([...words, '--config', config], { cwd: folder }),
      stop: async () => void (await serving.stop()),
    }
  }
  const first = await start('server-1', join(folder, 'secrets-1'))
  cpSync(first.secretsFolder, join(folder, 'secrets-2'), { recursive: true })
  const members = [first, await start('server-2', join(folder, 'secrets-2'))] as const
  return {
    balancer,
    members,
    async stop() {
      await balancer.close()
      await Promise.all(members.map((member) => member.stop()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
