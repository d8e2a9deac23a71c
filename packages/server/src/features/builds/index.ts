import type { Route } from '../../http/implement.ts'
import type { Authenticate, LeasePrincipal } from '../../http/principal.ts'
import type { Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import { cancelBuildsOf } from './cancel.ts'
import { usualTiming, type BuildsDeps, type Inside } from './deps.ts'
import { leaseSweeper, type Sweeper } from './jobs.ts'
import { authenticateLease } from './leases.ts'
import { buildRoutes, leaseRoutes } from './routes.ts'
import type { Asking } from './service.ts'

export { attemptsMax } from './deps.ts'
export type { BuildLimits, BuildsDeps, LeaseTiming } from './deps.ts'
export { buildCounts, namedBlobs, queueDepths, type NamedBlob } from './views.ts'
export type { Sweeper } from './jobs.ts'

export interface Builds {
  readonly routes: readonly Route[]
  /** @throws Fault lease_lost */
  readonly authenticateLease: Authenticate<'lease-token', LeasePrincipal>
  /** Cancels every build that the key queued and that has not ended, in the caller's transaction; says how many. */
  cancelBuildsOf(tx: Db<Tables>, keyId: string, by: Asking): Promise<number>
  readonly sweeper: Sweeper
}

/** Sources go up, builds are queued and leased to runners, logs and artifacts come back. */
export function buildsFeature(deps: BuildsDeps): Builds {
  const inside: Inside = { ...deps, timing: deps.timing ?? usualTiming }
  return {
    routes: [...buildRoutes(inside), ...leaseRoutes(inside)],
    authenticateLease: authenticateLease(inside),
    cancelBuildsOf: (tx, keyId, by) => cancelBuildsOf(inside, tx, keyId, by),
    sweeper: leaseSweeper(inside),
  }
}
