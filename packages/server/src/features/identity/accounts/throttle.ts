import type { Clock } from '../../../kernel/clock.ts'

/**
 * Slows down guessing. Three buckets count each wrong password: one for the account from this address, one for the
 * address, one for the account from anywhere. The last is wide, since a stranger can fill it: it caps a guess spread over
 * many addresses at one in two seconds, and the owner is never shut out for longer than that.
 *
 * Kept in this process's memory: it starts empty after a restart, and two processes count apart.
 */
export interface Throttle {
  /** Seconds to wait before the next attempt; 0 means go on. */
  waitSeconds(attempt: Attempt): number
  /** Counts a wrong password. */
  fail(attempt: Attempt): void
  /** Forgets the account's failures from this address, once the password was right. */
  succeed(attempt: Attempt): void
}

export interface Attempt {
  readonly account: string
  readonly address: string
}

interface Limit {
  readonly burst: number
  readonly secondsEach: number
}

const limits = {
  pair: { burst: 5, secondsEach: 15 },
  address: { burst: 30, secondsEach: 4 },
  account: { burst: 40, secondsEach: 2 },
} as const satisfies Record<string, Limit>

/** Buckets kept at once; the longest unused go first. */
const bucketsMax = 10_000

export function createThrottle(now: Clock): Throttle {
  /** When each bucket is empty again: failures are a debt that time pays off. */
  const emptyAt = new Map<string, number>()
  const wait = ({ key, limit }: Bucket): number => {
    const debtMs = Math.max(0, (emptyAt.get(key) ?? 0) - now())
    const overMs = debtMs - (limit.burst - 1) * limit.secondsEach * 1000
    return overMs <= 0 ? 0 : Math.ceil(overMs / 1000)
  }
  return {
    waitSeconds: (attempt) => Math.max(...bucketsOf(attempt).map(wait)),
    fail(attempt) {
      for (const { key, limit } of bucketsOf(attempt)) {
        const from = Math.max(now(), emptyAt.get(key) ?? 0)
        emptyAt.delete(key)
        emptyAt.set(key, from + limit.secondsEach * 1000)
      }
      for (const key of emptyAt.keys()) {
        if (emptyAt.size <= bucketsMax) break
        emptyAt.delete(key)
      }
    },
    succeed: (attempt) => void emptyAt.delete(bucketsOf(attempt)[0].key),
  }
}

interface Bucket {
  readonly key: string
  readonly limit: Limit
}

function bucketsOf({ account, address }: Attempt): readonly [Bucket, Bucket, Bucket] {
  return [
    { key: `pair ${account} ${network(address)}`, limit: limits.pair },
    { key: `address ${network(address)}`, limit: limits.address },
    { key: `account ${account}`, limit: limits.account },
  ]
}

/** One subscriber usually has a whole IPv6 /64 to choose addresses from (T69). */
function network(address: string): string {
  return address.includes(':') && !address.includes('.')
    ? address.split(':').slice(0, 4).join(':')
    : address
}
