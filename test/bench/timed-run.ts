import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { text } from 'node:stream/consumers'
import type { Readable } from 'node:stream'

/** What one run of a program took. */
export interface TimedRun {
  readonly wallMs: number
  /** User and system. */
  readonly processorMs: number
  /** The most that was resident at once. */
  readonly peakMb: number
}

const probe = fileURLToPath(new URL('usage-probe.cjs', import.meta.url))

/**
 * Runs a program of Node's to its end, with a home and a clean environment, its output thrown away.
 *
 * @throws Error with what it said when it does not exit with 0
 */
export async function timedRun(
  node: string,
  words: readonly string[],
  home: string,
): Promise<TimedRun> {
  const begin = performance.now()
  const child = spawn(node, ['--require', probe, ...words], {
    cwd: home,
    env: { PATH: process.env['PATH'], HOME: home, USERPROFILE: home, LANG: 'C.UTF-8', TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  const used = text(child.stdio[3] as Readable) // a pipe, as asked for just above
  const said = text(child.stderr as Readable) // and so is this one
  const [code] = (await once(child, 'exit')) as [number | null] // documented of `exit`
  const wallMs = performance.now() - begin
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${await said}`)
  const usage = JSON.parse(await used) as Omit<TimedRun, 'wallMs'> // by the probe
  return { wallMs, ...usage }
}
