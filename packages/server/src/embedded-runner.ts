import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { homedir } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { RunnerConfig } from './config.ts'
import type { Log } from './kernel/log.ts'

/** The server's own runner: a child process that speaks HTTP like a runner anywhere else (ruling 15). */
export interface EmbeddedRunner {
  /** How builds are kept apart, as the runner measured it. */
  readonly isolation: string
  stop(): Promise<void>
}

/** It measures isolation by trying each level; a slow machine needs its time. */
const readyMs = 20_000

/**
 * Starts the runner and waits until it has measured its isolation and said hello.
 *
 * @returns undefined when it could not start; the log says why, and the server goes on without it
 */
export async function startEmbeddedRunner(options: {
  url: string
  /** Goes over stdin: a build could read it from the arguments or the environment. */
  token: string
  config: RunnerConfig
  /** Folders that no build may read. */
  hidden: readonly string[]
  /** A folder of the runner's own; what an earlier run left there is ended and removed. */
  scratch: string
  log: Log
}): Promise<EmbeddedRunner | undefined> {
  const { config, log } = options
  const main = fileURLToPath(import.meta.resolve('@norrix/runner/main'))
  const child = spawn(process.execPath, [main, ...runnerArguments(options)], {
    // Nothing of the server's environment: builds run below this process.
    env: { PATH: config.path, LANG: 'C.UTF-8', ...home(), ...config.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  // Left open: the runner stops when it closes, however this process ends.
  child.stdin.write(`${options.token}\n`)
  const ready = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => readLine(line, log, resolve))
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the runner ended with exit code ${code}`)))
    setTimeout(() => reject(new Error('the runner took too long to start')), readyMs).unref()
  })
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  try {
    return { isolation: await ready, stop }
  } catch (cause) {
    await stop()
    log.error('runner.not_started', { cause })
    return undefined
  }
}

/** So that the runner hides the home of whoever runs the server, HOME included; builds get one of their own. */
function home(): { HOME?: string } {
  try {
    return { HOME: homedir() }
  } catch {
    // A user id without an account has none.
    return {}
  }
}

function runnerArguments(options: {
  url: string
  config: RunnerConfig
  hidden: readonly string[]
  scratch: string
}): string[] {
  const { config } = options
  return [
    '--url',
    options.url,
    '--name',
    'embedded',
    '--platforms',
    config.platforms.join(','),
    '--scratch',
    options.scratch,
    ...options.hidden.flatMap((path) => ['--hide', path]),
    ...config.readable.flatMap((path) => ['--readable', path]),
    ...Object.keys(config.env).flatMap((name) => ['--pass', name]),
    ...(config.allowNoIsolation ? ['--allow-no-isolation'] : []),
  ]
}

/** The runner's own log lines; its `runner.ready` names the isolation. */
function readLine(line: string, log: Log, ready: (isolation: string) => void): void {
  let entry: unknown
  try {
    entry = JSON.parse(line)
  } catch {
    entry = { event: 'runner.output', line }
  }
  if (typeof entry !== 'object' || entry === null) return
  const fields: Record<string, unknown> = { ...entry }
  const { event, ...rest } = fields
  log.info(typeof event === 'string' ? event : 'runner.output', rest)
  if (event === 'runner.ready') ready(String(fields['isolation']))
}
