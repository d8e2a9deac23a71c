import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from '@norrix/contract/client'
import { runners } from '@norrix/contract/runners.operations'
import { startNorrixCommand, type Running } from './run-norrix.ts'

/** `norrix runners start` as on another machine: a process, a folder and a token of its own. */
export interface CommandRunner {
  /** Starts it; resolves when it has measured its isolation and said hello. May be called again after `stop`. */
  start(): Promise<void>
  stop(): Promise<void>
  /** Stops it and removes its folder. */
  remove(): Promise<void>
}

/** Dashboard → Runners → Add runner, by the operation behind it. It is not started yet. */
export async function addCommandRunner(
  person: { readonly client: Client; readonly orgId: string },
  options: { readonly name: string; readonly platforms: string },
): Promise<CommandRunner> {
  const { client, orgId } = person
  const { name, platforms } = options
  const { token } = await client.call(runners.create, { params: { orgId }, body: { name } })
  const folder = mkdtempSync(join(tmpdir(), 'norrix-runner-'))
  // As root its builds have another user id, and have to reach their workspace.
  chmodSync(folder, 0o755)
  let running: Running | undefined
  const stop = async (): Promise<void> => {
    running?.child.kill('SIGINT')
    await running?.ended
    running = undefined
  }
  return {
    async start() {
      running = startNorrixCommand(
        ['runners', 'start', '--url', client.baseUrl, '--platforms', platforms, '--folder', folder],
        { env: { NORRIX_RUNNER_TOKEN: token } },
      )
      await running.waitFor(/runner\.ready/)
    },
    stop,
    async remove() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
