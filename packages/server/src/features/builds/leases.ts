import type { BuildOutcome } from '@norrix/contract/builds.policy'
import { isFinal } from '@norrix/contract/builds.policy'
import { Fault } from '@norrix/contract/fault'
import type { Body, Output } from '@norrix/contract/types'
import type { BytesReply } from '../../http/implement.ts'
import type { Authenticate, LeasePrincipal } from '../../http/principal.ts'
import { toTime } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db/database.ts'
import { hashToken } from '../../kernel/secrets.ts'
import type { Tables } from '../../schema/index.ts'
import type { BuildsTable } from '../../schema/tables/builds.ts'
import type { Inside } from './deps.ts'
import { finishLease, holdLease, renewLease } from './lease-store.ts'
import { appendLog } from './log.ts'
import { findBuild, findSource, hasArtifacts, moveBuild } from './store.ts'
import { leaseLookup } from './views.ts'

/**
 * The check of a lease's token. A lease that its holder finished still opens until it would have run out, so that a `finish`
 * whose answer was lost can be repeated; everything else then finds the lease over.
 */
export function authenticateLease({
  db,
  effects,
}: Pick<Inside, 'db' | 'effects'>): Authenticate<'lease-token', LeasePrincipal> {
  const byToken = leaseLookup(db)
  return async ({ token }) => {
    // Before the look-up: what is renewed while a slow one comes back is not over. Each change asks again in its transaction.
    const now = effects.now()
    const row = await byToken(hashToken(token))
    if (!row || row.runner_removed_at !== null || row.expires_at <= now) throw leaseLost()
    // A lost lease never ends before it runs out (`loseLease`); one that did was finished.
    if (row.ended_at !== null && row.ended_at >= row.expires_at) throw leaseLost()
    return {
      kind: 'lease',
      leaseId: row.id,
      runnerId: row.runner_id,
      buildId: row.build_id,
      orgId: row.org_id,
      number: row.number,
    }
  }
}

/** The packed project. @throws Fault lease_lost */
export async function leaseSource(inside: Inside, lease: LeasePrincipal): Promise<BytesReply> {
  const { db, blobs } = inside
  const source = await db.transaction(async (tx) => {
    const build = await heldBuild(inside, tx, lease)
    return findSource(tx, { id: build.source_id, orgId: build.org_id })
  })
  if (!source) throw new Error(`The build ${lease.buildId} has no source.`)
  return {
    stream: await blobs.open(source.blob),
    sizeBytes: source.size_bytes,
    contentType: 'application/gzip',
    fileName: `${source.id}.tar.gz`,
  }
}

/** Renews the lease, and says whether somebody wants the build to stop. @throws Fault lease_lost */
export async function heartbeat(
  { db, effects, queue, runners, timing }: Inside,
  { leaseId, buildId, number, runnerId }: LeasePrincipal,
): Promise<Output<'leases.heartbeat'>> {
  const { build, expiresAt } = await db.transaction(async (tx) => {
    await queue.hold(tx, buildId)
    // Inside: a heartbeat that had to wait for the database must not revive what others were told is over.
    const now = effects.now()
    // Taken before the queue looks at the clock: a lease must never outlive its job.
    const until = now + timing.leaseMs
    if (!(await renewLease(tx, leaseId, now, until))) throw leaseLost()
    if (!(await queue.renew(tx, buildId, number, timing.leaseMs))) throw leaseLost()
    return { build: await findBuild(tx, buildId), expiresAt: until }
  })
  await runners.seen(runnerId)
  return { cancelled: build?.cancel_requested_at !== null, expiresAt: toTime(expiresAt) }
}

/** @throws Fault lease_lost, conflict */
export async function appendLeaseLog(
  inside: Inside,
  lease: LeasePrincipal,
  piece: Body<'leases.appendLog'>,
): Promise<Output<'leases.appendLog'>> {
  const { db, config, bell } = inside
  const nextOffset = await db.transaction(async (tx) => {
    const build = await heldBuild(inside, tx, lease)
    return appendLog(tx, build, piece, config.limits.logBytes)
  })
  bell.ring(lease.buildId)
  return { nextOffset }
}

/**
 * Ends the build. A `succeeded` with no artifact ends as `failed` with `artifact_missing`: what made nothing did not succeed.
 *
 * @throws Fault lease_lost when the lease is over, unless it ended the build with this same outcome
 */
export async function finish(
  inside: Inside,
  lease: LeasePrincipal,
  report: Body<'leases.finish'>,
): Promise<Output<'leases.finish'>> {
  const { db, effects, queue, bell } = inside
  const { buildId } = lease
  const state = await db.transaction(async (tx): Promise<BuildOutcome> => {
    await queue.hold(tx, buildId)
    const now = effects.now()
    if (!(await finishLease(tx, lease.leaseId, now))) return finishedBefore(tx, buildId, report)
    if (!(await queue.complete(tx, buildId, lease.number))) throw leaseLost()
    const end = await ending(tx, buildId, report)
    const { exitCode: exit_code } = report
    const failure = {
      failure_code: end.failure?.code ?? null,
      failure_message: end.failure?.message ?? null,
    }
    const fields = { exit_code, ...failure, finished_at: now }
    await moveBuild(tx, buildId, { from: 'running', to: end.outcome }, fields)
    return end.outcome
  })
  bell.ring(buildId)
  return { state }
}

/** The leased build, with its job and lease held until the transaction ends. @throws Fault lease_lost */
export async function heldBuild(
  { effects, queue }: Pick<Inside, 'effects' | 'queue'>,
  tx: Db<Tables>,
  { leaseId, buildId }: LeasePrincipal,
): Promise<BuildsTable> {
  await queue.hold(tx, buildId)
  if (!(await holdLease(tx, leaseId, effects.now()))) throw leaseLost()
  const build = await findBuild(tx, buildId)
  if (build?.state !== 'running') throw leaseLost()
  return build
}

export function leaseLost(): Fault {
  return new Fault('lease_lost', {
    message: 'This lease is over; the build may be with another runner.',
    fix: 'stop this build and ask for work again',
  })
}

type Report = Pick<Body<'leases.finish'>, 'outcome' | 'failure'>

async function ending(
  tx: Db<Tables>,
  buildId: string,
  { outcome, failure }: Report,
): Promise<Report> {
  if (outcome === 'cancelled') return { outcome, failure: null }
  if (outcome === 'failed') {
    return { outcome, failure: failure ?? { code: 'build_failed', message: 'The build failed.' } }
  }
  if (await hasArtifacts(tx, buildId)) return { outcome, failure: null }
  const message = 'The build command ended well, but no artifact arrived.'
  return { outcome: 'failed', failure: { code: 'artifact_missing', message } }
}

/** The answer to a `finish` that is repeated: as before when it says the same. */
async function finishedBefore(
  tx: Db<Tables>,
  buildId: string,
  { outcome }: Report,
): Promise<BuildOutcome> {
  const build = await findBuild(tx, buildId)
  if (!build || !isFinal(build.state)) throw leaseLost()
  const state = build.state as BuildOutcome // the final states are the outcomes
  const wasEmpty = state === 'failed' && build.failure_code === 'artifact_missing'
  if (state !== outcome && !(wasEmpty && outcome === 'succeeded')) throw leaseLost()
  return state
}
