import type { Platform } from '@norrix/contract/builds.policy'
import { leases } from '@norrix/contract/leases.operations'
import { runners as operations } from '@norrix/contract/runners.operations'
import type { Output } from '@norrix/contract/types'
import { implement, type Route } from '../../http/implement.ts'
import type { Authenticate, RunnerPrincipal } from '../../http/principal.ts'
import type { Db } from '../../kernel/db/database.ts'
import { hashToken } from '../../kernel/secrets.ts'
import type { Tables } from '../../schema/index.ts'
import {
  availability,
  createRunner,
  currentRunner,
  ensureServerRunner,
  hello,
  listRunners,
  onlineMs,
  removeRunnerOf,
  retireServerRunner,
  runnerUnknown,
  type CurrentRunner,
  type RunnersDeps,
} from './service.ts'
import { updateRunner } from './store.ts'
import { countByPlatform, runnerLookup } from './views.ts'

export { newestServerRunner } from './store.ts'
export { runnersOperator } from './operator.ts'
export type { CurrentRunner, RunnersDeps } from './service.ts'

/** "Last seen" is as fine as this; a row is not written at each request. */
const seenEveryMs = 5000

export interface Runners {
  readonly routes: readonly Route[]
  /** @throws Fault runner_unknown */
  readonly authenticate: Authenticate<'runner-token', RunnerPrincipal>
  /**
   * Gives a server's own runner a fresh token: call it once at each start and hand the token to the embedded runner. The
   * token of the start before is dead; other servers on the same database have runners of their own.
   */
  ensureServerRunner(serverId: string): Promise<{ token: string }>
  /** Call it at the start of a server that runs no runner of its own. */
  retireServerRunner(serverId: string): Promise<void>
  /**
   * The runner, which nobody removes until the transaction ends.
   *
   * @throws Fault runner_unknown when it was removed
   */
  current(tx: Db<Pick<Tables, 'runners'>>, runnerId: string): Promise<CurrentRunner>
  /** Notes that a runner showed itself by other means than its own token: a lease's heartbeat. */
  seen(runnerId: string): Promise<void>
  availability(orgId: string, platform: Platform): Promise<Output<'runners.availability'>>
}

/** How many runners are online, for each platform. */
export function runnersOnline(
  db: Pick<Db<Tables>, 'selectFrom'>,
  now: number,
): Promise<Record<string, number>> {
  return countByPlatform(db, now - onlineMs)
}

/** The machines that build. A removed runner's leases are refused by the builds feature, which asks whether it is left. */
export function runnersFeature(deps: RunnersDeps): Runners {
  const byToken = runnerLookup(deps.db)
  const written = new Map<string, number>()

  const seen = async (runnerId: string): Promise<void> => {
    const now = deps.effects.now()
    if (now - (written.get(runnerId) ?? 0) < seenEveryMs) return
    written.set(runnerId, now)
    await updateRunner(deps.db.kysely, runnerId, { last_seen_at: now })
  }

  return {
    async authenticate({ token }) {
      const row = await byToken(hashToken(token))
      if (!row) throw runnerUnknown()
      await seen(row.id)
      return { kind: 'runner', runnerId: row.id, orgId: row.org_id, name: row.name }
    },
    ensureServerRunner: (serverId) => ensureServerRunner(deps, serverId),
    retireServerRunner: (serverId) => retireServerRunner(deps, serverId),
    current: currentRunner,
    seen,
    availability: (orgId, platform) => availability(deps, orgId, platform),
    routes: [
      implement(operations.list, ({ params, query }) => listRunners(deps, params.orgId, query)),
      implement(operations.create, ({ params, body, principal, context }) =>
        createRunner(deps, { orgId: params.orgId, principal, context }, body),
      ),
      implement(operations.remove, ({ params, principal, context }) =>
        removeRunnerOf(deps, { orgId: params.orgId, principal, context }, params.runnerId),
      ),
      implement(operations.availability, ({ params, query }) =>
        availability(deps, params.orgId, query.platform),
      ),
      implement(leases.hello, ({ principal, body }) => hello(deps, principal, body)),
    ],
  }
}
