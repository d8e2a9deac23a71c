import type { Clock } from '../../../kernel/clock.ts'

/**
 * Slows down guessing. A guess is counted in several buckets at once; whoever fills one waits until time has emptied it a
 * little.
 *
 * Kept in this process's memory: it starts empty after a restart, and two processes count apart.
 */
export interface Throttle {
  /** Seconds to wait before the next attempt; 0 means go on. */
  waitSeconds(buckets: readonly Bucket[]): number
  /** Counts a wrong guess. */
  fail(buckets: readonly Bucket[]): void
  /** Takes one count back: what was counted before it was looked at was right. */
  forgive(buckets: readonly Bucket[]): void
  /** Forgets what a bucket holds. */
  forget(bucket: Bucket): void
}

export interface Bucket {
  readonly key: string
  readonly limit: Limit
}

export interface Limit {
  readonly burst: number
  readonly secondsEach: number
}

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
    waitSeconds: (buckets) => Math.max(...buckets.map(wait)),
    fail(buckets) {
      for (const { key, limit } of buckets) {
        const from = Math.max(now(), emptyAt.get(key) ?? 0)
        emptyAt.delete(key)
        emptyAt.set(key, from + limit.secondsEach * 1000)
      }
      for (const key of emptyAt.keys()) {
        if (emptyAt.size <= bucketsMax) break
        emptyAt.delete(key)
      }
    },
    forgive(buckets) {
      for (const { key, limit } of buckets) {
        const until = emptyAt.get(key)
        if (until !== undefined) emptyAt.set(key, until - limit.secondsEach * 1000)
      }
    },
    forget: ({ key }) => void emptyAt.delete(key),
  }
}

/**
 * For wrong passwords: one bucket for the account from this address, one for the address, one for the account from anywhere.
 * The last is wide, since a stranger can fill it: it caps a guess spread over many addresses at one in two seconds, and the
 * owner is never shut out for longer than that.
 */
export function passwordBuckets({
  account,
  address,
}: {
  readonly account: string
  readonly address: string
}): readonly [Bucket, Bucket, Bucket] {
  return [
    { key: `pair ${account} ${network(address)}`, limit: { burst: 5, secondsEach: 15 } },
    { key: `address ${network(address)}`, limit: { burst: 30, secondsEach: 4 } },
    { key: `account ${account}`, limit: { burst: 40, secondsEach: 2 } },
  ]
}

/**
 * For wrong codes of devices: five, then one in 15 seconds, for each address and each account that is signed in there. All
 * of them together guess ten a second: in the ten minutes of a code 6,000 of 20^8 (RFC 8628 section 5.1).
 */
export function deviceCodeBuckets({
  account,
  address,
}: {
  readonly account: string | undefined
  readonly address: string
}): readonly Bucket[] {
  const few = { burst: 5, secondsEach: 15 }
  return [
    { key: `code address ${network(address)}`, limit: few },
    ...(account === undefined ? [] : [{ key: `code account ${account}`, limit: few }]),
    { key: 'code', limit: { burst: 200, secondsEach: 0.1 } },
  ]
}

/** One subscriber usually has a whole IPv6 /64 to choose addresses from (T69). */
function network(address: string): string {
  return address.includes(':') && !address.includes('.')
    ? address.split(':').slice(0, 4).join(':')
    : address
}
