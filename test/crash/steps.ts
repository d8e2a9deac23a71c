import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'

const killer = fileURLToPath(new URL('./killer.ts', import.meta.url))

/** The steps of one process that is watched, and may be killed at one of them. */
export interface Steps {
  /** What the process has to find in its environment. */
  readonly env: Readonly<Record<string, string>>
  /** Counts from now on: for a process that has first to get ready. */
  arm(pid: number): Promise<void>
  /** Those that were reached, in order. */
  reached(): readonly string[]
  remove(): void
}

export interface StepsOptions {
  /** The step at which the process ends, from 1; undefined lets it live. */
  readonly killAt?: number | undefined
  /** Ends the process so long after its first line, wherever it is then. */
  readonly killAfterMs?: number | undefined
  /** Counts from the first line on, without `arm`. */
  readonly fromStart?: true
  /** How far its clock is ahead. */
  readonly clockAheadMs?: number
}

/** How the last step is called of a process that was ended by the clock. */
export const timeIsUp = 'time is up'

export function watchSteps(options: StepsOptions = {}): Steps {
  const { killAt, killAfterMs, fromStart, clockAheadMs } = options
  const folder = mkdtempSync(join(tmpdir(), 'norrix-steps-'))
  const file = join(folder, 'steps')
  writeFileSync(file, '')
  return {
    env: {
      NODE_OPTIONS: `--import=${killer}`,
      NORRIX_CRASH_STEPS: file,
      NORRIX_CRASH_AT: String(killAt ?? 0),
      ...(killAfterMs !== undefined && { NORRIX_CRASH_AFTER: `${killAfterMs} ${timeIsUp}` }),
      ...(fromStart && { NORRIX_CRASH_ARMED: '1' }),
      ...(clockAheadMs && { NORRIX_CRASH_CLOCK: String(clockAheadMs) }),
    },
    async arm(pid) {
      process.kill(pid, 'SIGUSR2')
      while (!readFileSync(file, 'utf8').startsWith('\n')) await sleep(5)
    },
    reached: () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
