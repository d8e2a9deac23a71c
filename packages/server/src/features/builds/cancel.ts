import { isFinal } from '@norrix/contract/builds.policy'
import type { Build, Params } from '@norrix/contract/types'
import { notFound } from '../../http/refusals.ts'
import type { Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import { actorOf, originOf } from '../audit/index.ts'
import type { Inside } from './deps.ts'
import { showBuild, type Asking } from './service.ts'
import { findBuild, moveBuild, requestCancel, unendedOfKey } from './store.ts'

/**
 * Cancels a build: a queued one at once, a running one as soon as its runner hears of it or is lost. One that has ended stays
 * as it is.
 *
 * @throws Fault not_found
 */
export async function cancelBuild(
  inside: Inside,
  asking: Asking,
  { orgId, buildId }: Params<'builds.cancel'>,
): Promise<Build> {
  await inside.db.transaction(async (tx) => {
    const build = await findBuild(tx, buildId)
    if (!build || build.org_id !== orgId) throw notFound()
    await cancelOne(inside, tx, asking, buildId)
  })
  inside.bell.ring(buildId)
  return showBuild(inside, { orgId, buildId })
}

/**
 * Cancels every build that a key queued and that has not ended.
 *
 * @returns how many
 */
export async function cancelBuildsOf(
  inside: Inside,
  tx: Db<Tables>,
  keyId: string,
  asking: Asking,
): Promise<number> {
  let cancelled = 0
  for (const id of await unendedOfKey(tx, keyId)) {
    if (await cancelOne(inside, tx, asking, id)) cancelled += 1
  }
  // Nobody is woken: this is not durable yet. Followers of a log look again each second.
  return cancelled
}

async function cancelOne(
  { effects, queue, audit }: Inside,
  tx: Db<Tables>,
  { principal, context }: Asking,
  buildId: string,
): Promise<boolean> {
  // Whoever else would move the build waits for this transaction.
  await queue.hold(tx, buildId)
  const now = effects.now()
  // Withdrawn: it was queued, or its lease has run out. Either way no runner holds it, and none will.
  const isWithdrawn = await queue.withdraw(tx, buildId)
  const build = await findBuild(tx, buildId)
  if (!build || isFinal(build.state)) return false
  const isFirst = build.cancel_requested_at === null
  if (!isFirst && !isWithdrawn) return false
  await requestCancel(tx, buildId, now)
  if (isWithdrawn) {
    await moveBuild(tx, buildId, { from: build.state, to: 'cancelled' }, { finished_at: now })
  }
  // Asked again when the runner is lost: it ends at once, and stays one cancelling.
  if (!isFirst) return true
  await audit.record(tx, {
    actor: actorOf(principal),
    action: 'builds.cancel',
    orgId: build.org_id,
    subjectId: buildId,
    ...originOf(context),
  })
  return true
}
