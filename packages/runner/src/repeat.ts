import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, faultTable } from '@norrix/contract/fault'
import type { RunnerLog } from './log.ts'

const firstPauseMs = 250
const longestPauseMs = 10_000

/** Waits; returns early, without a fault, when the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {})
}

/**
 * Repeats a call that the network or the server failed, with growing pauses, until it is answered or the signal aborts.
 *
 * @returns undefined when the signal aborted
 * @throws what the server says about the call itself, such as lease_lost
 */
export async function repeatUntilAnswered<T>(
  signal: AbortSignal,
  log: RunnerLog,
  call: () => Promise<T>,
): Promise<T | undefined> {
  for (let wait = firstPauseMs; !signal.aborted; wait = Math.min(wait * 2, longestPauseMs)) {
    try {
      return await call()
    } catch (error) {
      if (signal.aborted) return undefined
      if (!mayPass(error)) throw error
      log('server.unreachable', { why: error.message, retryMs: wait })
      await pause(wait, signal)
    }
  }
  return undefined
}

/** Faults that another try may not meet: exit code 7 is network and server, 6 is "too often". */
function mayPass(error: unknown): error is Fault {
  if (!(error instanceof Fault)) return false
  // The caller gave up by a signal of its own: another try would be given up too, for ever.
  if (error.details?.['cause'] === 'aborted') return false
  const { exit } = faultTable[error.code]
  return exit === 7 || exit === 6
}
