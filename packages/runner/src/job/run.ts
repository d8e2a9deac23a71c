import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { IsolationError } from '../isolation/isolation.ts'
import type { Isolation, SpawnPlan } from '../isolation/isolation.ts'
import { Output } from './output.ts'
import { signalGroup } from './process-group.ts'

export interface RunLimits {
  /** The command is stopped after this many seconds. */
  readonly wallSeconds: number
  /** Bytes of UTF-8 after which the log is cut; the command goes on. */
  readonly logBytes: number
  /** Seconds between SIGTERM and SIGKILL. */
  readonly graceSeconds: number
}

export interface RunOptions {
  readonly isolation: Isolation
  readonly workspace: string
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
  readonly hidden: readonly string[]
  readonly readable: readonly string[]
  /** Secrets to keep out of the log. */
  readonly mask: readonly string[]
  readonly limits: RunLimits
  /** Gets the log (stdout and stderr in the order they were written); awaited before more is read. */
  readonly sink: (text: string) => Promise<void>
  /** Aborting it cancels the command. */
  readonly signal?: AbortSignal
}

/**
 * How it ended. Where the build has a process namespace of its own, an end by signal N is told by the shell in
 * it, as `exited` with 128 + N.
 */
export type RunResult =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'not-started'; readonly why: string }

/**
 * Runs a command line (`sh -c`; `cmd /c` on Windows) as a build, until every process of it is over. The
 * workspace must be prepared. Rejects only with what the sink threw; the command is then stopped as if cancelled.
 */
export async function runCommand(command: string, options: RunOptions): Promise<RunResult> {
  if (options.signal?.aborted) return { kind: 'cancelled' }
  try {
    const plan = options.isolation.command(shellFor(command), options)
    return await new Run(plan, options).result()
  } catch (error) {
    if (error instanceof IsolationError) return { kind: 'not-started', why: error.message }
    throw error
  }
}

function shellFor(command: string): readonly string[] {
  if (process.platform === 'win32') return ['cmd.exe', '/d', '/s', '/c', command]
  return ['/bin/sh', '-c', command]
}

class Run {
  readonly #plan: SpawnPlan
  readonly #options: RunOptions
  readonly #child: ChildProcess
  readonly #output: Output
  #complaint = ''
  /** Settled when nothing more can come through descriptor 4. */
  #said: Promise<void> = Promise.resolve()
  #hasStarted: boolean
  #stopped: 'timed-out' | 'cancelled' | undefined

  constructor(plan: SpawnPlan, options: RunOptions) {
    this.#plan = plan
    this.#options = options
    this.#output = new Output({ ...options, logBytes: options.limits.logBytes })
    this.#hasStarted = plan.channel.kind === 'life-line'
    this.#child = spawn(plan.file, plan.args, {
      cwd: plan.cwd,
      env: plan.env,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
      // The process leads a group and has no terminal, so a signal to the runner's terminal is not for it.
      detached: true,
    })
  }

  async result(): Promise<RunResult> {
    const exit = once(this.#child, 'exit')
    const log = this.#readLog()
    this.#openChannels()
    const timer = setTimeout(
      () => void this.#stop('timed-out'),
      this.#options.limits.wallSeconds * 1000,
    )
    const cancel = (): void => void this.#stop('cancelled')
    this.#options.signal?.addEventListener('abort', cancel, { once: true })
    try {
      // A sink that throws ends the wait early; the group is then ended below.
      const [code, signal] = await Promise.race([exit, log.then(() => exit)])
      this.#endGroup()
      await this.#drain(Promise.all([log, this.#said]))
      return this.#judge(code, signal)
    } catch (error) {
      this.#endGroup()
      return this.#failed(error)
    } finally {
      clearTimeout(timer)
      this.#options.signal?.removeEventListener('abort', cancel)
      this.#lifeLine()?.destroy()
    }
  }

  /** Descriptor 3 and 4, see `Channel`; descriptor 2 speaks only until the build has started. */
  #openChannels(): void {
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-2000)
    })
    for (const stream of this.#child.stdio) stream?.on('error', () => {})
    const started = this.#child.stdio[4]
    if (started) {
      started.on('data', () => (this.#hasStarted = true))
      this.#said = new Promise((resolve) => started.once('close', resolve))
    }
    const { channel } = this.#plan
    if (channel.kind === 'environment') this.#lifeLine()?.end(channel.text)
  }

  #lifeLine(): Writable | undefined {
    // @types/node cannot know that descriptor 3 was asked for as a pipe, which is a duplex.
    return (this.#child.stdio[3] ?? undefined) as Writable | undefined
  }

  async #readLog(): Promise<void> {
    const stdout: Readable | null = this.#child.stdout
    if (!stdout) return
    try {
      for await (const bytes of stdout) await this.#output.write(bytes)
    } catch (error) {
      // The pipe was given up in `#drain`: what came through it is the log.
      if (
        !(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')
      )
        throw error
    }
    await this.#output.end()
  }

  /** A process that left the group (level `none`) may hold the pipe for ever: it gets two seconds. */
  async #drain(streams: Promise<unknown>): Promise<void> {
    const waited = new AbortController()
    const giveUp = sleep(2000, undefined, { signal: waited.signal }).then(
      () => this.#child.stdio.forEach((stream) => stream?.destroy()),
      () => {},
    )
    await streams.finally(() => waited.abort())
    await giveUp
  }

  async #stop(why: 'timed-out' | 'cancelled'): Promise<void> {
    if (this.#stopped) return
    this.#stopped = why
    this.#signal('SIGTERM', this.#plan.spareLeader)
    const over = new AbortController()
    this.#child.once('exit', () => over.abort())
    await sleep(this.#options.limits.graceSeconds * 1000, undefined, { signal: over.signal }).catch(
      () => {},
    )
    this.#endGroup()
  }

  #endGroup(): void {
    this.#signal('SIGKILL', false)
  }

  #signal(signal: NodeJS.Signals, spareLeader: boolean): void {
    if (this.#child.pid !== undefined) signalGroup(this.#child.pid, signal, { spareLeader })
  }

  #judge(code: number | null, signal: NodeJS.Signals | null): RunResult {
    if (this.#stopped) return { kind: this.#stopped }
    if (!this.#hasStarted)
      return { kind: 'not-started', why: this.#why(`exit code ${code ?? signal}`) }
    if (signal) return { kind: 'signalled', signal }
    return { kind: 'exited', code: code ?? 1 }
  }

  #why(fallback: string): string {
    const lines = this.#complaint.trim().split('\n')
    return `${this.#plan.file} could not start the command: ${lines.at(-1) || fallback}.`
  }

  #failed(error: unknown): RunResult {
    if (this.#child.pid !== undefined) throw error
    return {
      kind: 'not-started',
      why: `${this.#plan.file} cannot be run; install it or check its folder.`,
    }
  }
}
