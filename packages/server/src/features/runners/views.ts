import { isPlatform } from '@norrix/contract/builds.policy'
import type { Cursor } from '@norrix/contract/page'
import type { Database, Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import type { RunnersTable } from '../../schema/tables/runners.ts'

type Reader = Pick<Db<Tables>, 'selectFrom'>

/** A runner with the build of the asking organization that it runs now. */
export type RunnerRow = RunnersTable & { readonly build_id: string | null }

/** An organization's runners and the server's, newest first: one more than `limit`, to know whether there is more. */
export function pageOfRunners(
  db: Reader,
  {
    orgId,
    now,
    limit,
    after,
  }: { orgId: string; now: number; limit: number; after: Cursor | undefined },
): Promise<RunnerRow[]> {
  let rows = db
    .selectFrom('runners')
    .selectAll('runners')
    .select((e) =>
      e
        .selectFrom('leases')
        .select('leases.build_id')
        .whereRef('leases.runner_id', '=', 'runners.id')
        // What the server's runner does for another organization is nobody's business here.
        .where('leases.org_id', '=', orgId)
        .where('leases.ended_at', 'is', null)
        .where('leases.expires_at', '>', now)
        .orderBy('leases.created_at', 'desc')
        .limit(1)
        .as('build_id'),
    )
    .where((e) => e.or([e('runners.org_id', '=', orgId), e('runners.org_id', 'is', null)]))
    .where('runners.removed_at', 'is', null)
  if (after) {
    rows = rows.where((e) =>
      e.or([
        e('runners.created_at', '<', after.at),
        e.and([e('runners.created_at', '=', after.at), e('runners.id', '<', after.id)]),
      ]),
    )
  }
  return rows
    .orderBy('runners.created_at', 'desc')
    .orderBy('runners.id', 'desc')
    .limit(limit + 1)
    .execute()
}

/** What the check of a runner's token needs. */
export interface RunnerCheck {
  readonly id: string
  readonly org_id: string | null
  readonly name: string
}

/** The look-up behind every request of a runner: one statement, by digest. */
export function runnerLookup(
  db: Database<Tables>,
): (tokenHash: string) => Promise<RunnerCheck | undefined> {
  return db.lookup<RunnerCheck>(
    'select id, org_id, name from runners where token_hash = ? and removed_at is null',
  )
}

/** How many runners were seen since then, for each platform. */
export async function countByPlatform(db: Reader, since: number): Promise<Record<string, number>> {
  const rows = await db
    .selectFrom('runners')
    .select('platforms')
    .where('removed_at', 'is', null)
    .where('last_seen_at', '>', since)
    .execute()
  const counts: Record<string, number> = {}
  for (const platform of rows.flatMap((row) => row.platforms.split(' ')).filter(isPlatform)) {
    counts[platform] = (counts[platform] ?? 0) + 1
  }
  return counts
}
