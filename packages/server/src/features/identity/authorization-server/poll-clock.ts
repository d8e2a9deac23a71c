import { errors } from 'oidc-provider'
import type { Clock } from '../../../kernel/clock.ts'

/** What a device is told to wait between two polls (RFC 8628 section 3.2). */
export const pollIntervalSeconds = 5
/**
 * The interval of a code that was polled too fast. Once longer and no more: a client that began too fast and adds 5 s each
 * time it is told to would never catch up with one that grows along.
 */
const slowedIntervalSeconds = 10
/** A network may bring two polls closer together than they were sent. */
const leewayMs = 500
/** Codes kept at once; those that were longest not polled go first. */
const codesMax = 10_000

/** Keeps devices from polling faster than they were told. Each process counts for itself. */
export interface PollClock {
  /**
   * Before anything is looked up, so that a flood costs nothing.
   *
   * @throws slow_down, and from then on the code's interval is 10 s (RFC 8628 section 3.5)
   */
  check(codeHash: string): void
  /** The code waits, so that its next poll has to keep its distance. */
  pending(codeHash: string): void
}

export function createPollClock(now: Clock): PollClock {
  const polls = new Map<string, { nextAt: number; seconds: number }>()
  const put = (codeHash: string, seconds: number): void => {
    polls.delete(codeHash)
    polls.set(codeHash, { nextAt: now() + seconds * 1000 - leewayMs, seconds })
    for (const key of polls.keys()) {
      if (polls.size <= codesMax) break
      polls.delete(key)
    }
  }
  return {
    check(codeHash) {
      const poll = polls.get(codeHash)
      if (!poll || now() >= poll.nextAt) return
      put(codeHash, slowedIntervalSeconds)
      throw new errors.CustomOIDCProviderError(
        'slow_down',
        'polled sooner than the interval allows; wait 5 seconds longer from now on',
      )
    },
    pending: (codeHash) => put(codeHash, polls.get(codeHash)?.seconds ?? pollIntervalSeconds),
  }
}
