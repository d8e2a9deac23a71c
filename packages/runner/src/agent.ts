import { mkdir, realpath } from 'node:fs/promises'
import { platform as osPlatform, release } from 'node:os'
import path from 'node:path'
import type { Platform } from '@norrix/contract/builds.policy'
import { createClient, type Client } from '@norrix/contract/client'
import { Fault } from '@norrix/contract/fault'
import { leases } from '@norrix/contract/leases.operations'
import { version } from '@norrix/contract/version'
import { runBuild } from './build.ts'
import { measureIsolation } from './isolation/measure.ts'
import { IsolationError } from './isolation/isolation.ts'
import { sweepWorkspaces } from './job/workspace.ts'
import type { RunnerLog } from './log.ts'
import { repeatUntilAnswered } from './repeat.ts'
import { takeBuilds } from './take-builds.ts'

export interface RunnerOptions {
  /** Origin of the server. */
  readonly url: string
  readonly token: string
  /** Null keeps the name that the runner was added under. */
  readonly name: string | null
  readonly platforms: readonly Platform[]
  /** A folder of this runner alone: workspaces, and a copy of Node where builds need one. */
  readonly scratch: string
  /** Absolute paths that no build may read, beside the user's home. */
  readonly hidden: readonly string[]
  /** Absolute paths that builds may read though they lie in a hidden place. */
  readonly readable: readonly string[]
  /** What every build gets in its environment. Never secrets. */
  readonly env: Readonly<Record<string, string>>
  /** On a loopback, single-user install only (ruling 15). */
  readonly allowNoIsolation: boolean
  readonly log: RunnerLog
  /** Stops the runner: it takes no more work, and ends the build it runs. */
  readonly signal: AbortSignal
}

/**
 * A runner's life: end what an earlier life left, measure how well builds can be kept apart, say hello, then take builds one
 * at a time until stopped. The same code beside the server and on another machine.
 *
 * @throws Fault isolation_missing when builds cannot be kept apart here
 * @throws Fault runner_unknown when the token is not, or no longer, good
 */
export async function startRunner(options: RunnerOptions): Promise<void> {
  const { log, signal } = options
  await mkdir(options.scratch, { recursive: true, mode: 0o700 })
  const scratch = await realpath(options.scratch)
  const workspaces = path.join(scratch, 'workspaces')
  const swept = await sweepWorkspaces(workspaces)
  if (swept.workspaces > 0) log('runner.swept', { ...swept })
  const { isolation, report } = await measure(options, scratch)
  const client = createClient({
    baseUrl: options.url,
    headers: () => ({ Authorization: `Bearer ${options.token}` }),
  })
  const hello = await repeatUntilAnswered(signal, log, () =>
    sayHello(client, options, report.level),
  )
  if (!hello) return
  log('runner.ready', { ...hello, isolation: report.level, tried: report.tried })
  const { url, env, hidden, readable } = options
  const surroundings = { isolation, workspaces, scratch, env, hidden, readable }
  await takeBuilds(client, { url, log, signal, build: (work) => runBuild(work, surroundings) })
}

async function measure(options: RunnerOptions, scratch: string) {
  const { hidden, allowNoIsolation: allowNone } = options
  try {
    return await measureIsolation({ hidden, scratch, allowNone })
  } catch (cause) {
    if (!(cause instanceof IsolationError)) throw cause
    throw new Fault('isolation_missing', { message: cause.message, cause })
  }
}

function sayHello(
  client: Client,
  options: RunnerOptions,
  isolation: 'uid' | 'bwrap' | 'userns' | 'none',
) {
  const { name, platforms } = options
  const os = `${osPlatform()} ${release()}`.slice(0, 100)
  return client.call(leases.hello, {
    body: { name, os, version, platforms: [...platforms], isolation },
    signal: options.signal,
  })
}
