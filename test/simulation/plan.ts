import type { LeaseTiming } from '@norrix/server/features/builds/index'
import type { Chance } from './chance.ts'
import { calm, type Weather } from './network.ts'

/** What one seed brings upon the world. Times in milliseconds from its start. */
export interface Plan {
  /** Nothing goes wrong from then on. */
  readonly calmFrom: number
  readonly timing: LeaseTiming
  readonly weather: Weather
  readonly slowDatabase: { readonly chance: number; readonly slowestMs: number }
  /** How far each server's clock is ahead. */
  readonly servers: readonly { readonly clockAheadMs: number }[]
  readonly runners: readonly { readonly clockAheadMs: number }[]
  readonly buildMsMax: number
  readonly builds: readonly { readonly at: number; readonly cancelAfter: number | undefined }[]
  readonly troubles: readonly Trouble[]
}

/** Something that happens to one process. `which` is taken modulo how many there are. */
export type Trouble = { readonly at: number; readonly which: number } & (
  | { readonly kind: 'server.kill'; readonly inSteps: number; readonly downMs: number }
  | { readonly kind: 'server.clock'; readonly byMs: number }
  | { readonly kind: 'runner.kill'; readonly downMs: number }
  | { readonly kind: 'runner.pause'; readonly ms: number }
  | { readonly kind: 'runner.stop'; readonly downMs: number }
  | { readonly kind: 'runner.remove' }
)

export function planFrom(chance: Chance): Plan {
  const calmFrom = chance.between(3000, 14_000)
  const heartbeatSeconds = chance.pick([1, 1, 2])
  // As in the product, a runner may miss several heartbeats before its lease is over.
  const leaseMs = heartbeatSeconds * chance.between(3, 5) * 1000
  const timing = { leaseMs, heartbeatSeconds, sweepMs: chance.between(500, 8000) }
  const servers = chance.happens(0.3) ? 2 : 1
  const isSkewed = chance.happens(0.5)
  const ahead = (mostMs: number): number => (isSkewed ? chance.between(-mostMs, mostMs) : 0)
  return {
    calmFrom,
    timing,
    weather: weatherFrom(chance, leaseMs),
    slowDatabase: { chance: chance.pick([0, 0, 0.02, 0.1]), slowestMs: chance.pick([50, 2000]) },
    servers: times(servers, () => ({ clockAheadMs: ahead(leaseMs) })),
    runners: times(chance.pick([1, 2, 2, 3]), () => ({ clockAheadMs: ahead(2 * 3_600_000) })),
    buildMsMax: chance.pick([300, 3000, 8000]),
    builds: times(chance.between(1, 3), () => ({
      at: chance.between(0, calmFrom / 2),
      cancelAfter: chance.happens(0.35) ? chance.between(0, 8000) : undefined,
    })),
    troubles: times(chance.between(0, 5), () => troubleFrom(chance, calmFrom, leaseMs)),
  }
}

function weatherFrom(chance: Chance, leaseMs: number): Weather {
  if (chance.happens(0.2)) return calm
  return {
    usualMs: chance.pick([30, 30, 400]),
    slow: chance.pick([0, 0.05, 0.2]),
    slowestMs: chance.pick([1000, leaseMs, 2 * leaseMs]),
    lost: chance.pick([0, 0.05, 0.2]),
    doubled: chance.pick([0, 0.05, 0.3]),
    cut: chance.pick([0, 0.1]),
  }
}

function troubleFrom(chance: Chance, calmFrom: number, leaseMs: number): Trouble {
  const when = { at: chance.between(0, calmFrom), which: chance.between(0, 5) }
  const downMs = chance.pick([100, 1000, 1.5 * leaseMs])
  switch (chance.between(0, 9)) {
    case 0:
    case 1:
    case 2:
      return { ...when, kind: 'server.kill', inSteps: chance.between(0, 40), downMs }
    case 3:
      return { ...when, kind: 'server.clock', byMs: chance.between(-2 * leaseMs, 2 * leaseMs) }
    case 4:
    case 5:
      return { ...when, kind: 'runner.kill', downMs }
    case 6:
    case 7:
      return { ...when, kind: 'runner.pause', ms: chance.between(1000, 2 * leaseMs) }
    case 8:
      return { ...when, kind: 'runner.stop', downMs }
    default:
      return { ...when, kind: 'runner.remove' }
  }
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make)
}
