import { isFinal } from '@norrix/contract/builds.policy'
import { Fault } from '@norrix/contract/fault'
import { newId } from '@norrix/contract/id'
import type { Lease, Output } from '@norrix/contract/types'
import type { RequestContext } from '../../http/implement.ts'
import type { RunnerPrincipal } from '../../http/principal.ts'
import { toTime } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db/database.ts'
import type { Claim } from '../../kernel/queue/queue.ts'
import { hashToken, newToken } from '../../kernel/secrets.ts'
import type { Tables } from '../../schema/index.ts'
import type { BuildsTable } from '../../schema/tables/builds.ts'
import type { CurrentRunner } from '../runners/index.ts'
import type { Inside } from './deps.ts'
import { insertLease } from './lease-store.ts'
import { addLogLine } from './log.ts'
import { settleBlobs } from './doubts.ts'
import { settleLost } from './lost.ts'
import { planOf, projectOf } from './resource.ts'
import { findBuild, findSource, moveBuild } from './store.ts'

/** The longest sleep between two looks at the queue: what another server process added is announced nowhere here. */
const lookAgainMs = 2000

/**
 * Waits for a build that this runner can take, at most `waitSeconds`.
 *
 * @throws Fault conflict when the runner has not said hello
 * @throws Fault runner_unknown when it was removed while it waited
 */
export async function take(
  inside: Inside,
  { runnerId }: RunnerPrincipal,
  waitSeconds: number,
  { signal }: Pick<RequestContext, 'signal'>,
): Promise<Output<'leases.take'>> {
  const { effects, queue } = inside
  const until = effects.now() + waitSeconds * 1000
  while (!signal.aborted) {
    const left = Math.max(0, until - effects.now())
    const found = new AbortController()
    // Waiting begins before looking: a build that is queued between the two is heard.
    const woken = queue.wait(Math.min(left, lookAgainMs), AbortSignal.any([signal, found.signal]))
    try {
      const lease = await takeNow(inside, runnerId)
      if (lease || left === 0) return { lease: lease ?? null }
      await woken
    } finally {
      found.abort()
    }
  }
  return { lease: null }
}

async function takeNow(inside: Inside, runnerId: string): Promise<Lease | undefined> {
  for (;;) {
    const tried = await inside.db.transaction((tx) => tryOne(inside, tx, runnerId))
    await settleBlobs(inside, tried.doubted)
    if (tried.buildId === undefined) return undefined
    inside.bell.ring(tried.buildId)
    if (tried.lease) return tried.lease
  }
}

interface Tried {
  readonly lease?: Lease
  /** Undefined when the queue had nothing. */
  readonly buildId?: string
  readonly doubted: readonly string[]
}

/** Claims one job and makes a lease of it; a job that turns out to need no runner any more is ended. */
async function tryOne(inside: Inside, tx: Db<Tables>, runnerId: string): Promise<Tried> {
  const { queue, runners, timing } = inside
  const runner = await runners.current(tx, runnerId)
  if (runner.isolation === null || runner.platforms.length === 0) throw noHello()
  const claim = await queue.claim(tx, {
    lanes: runner.platforms,
    tenant: runner.orgId ?? undefined,
    owner: runnerId,
    leaseMs: timing.leaseMs,
  })
  if (!claim) return { doubted: [] }
  const found = await findBuild(tx, claim.id)
  // Still running: its lease ran out, and the sweeper has not come by yet.
  const lost = found?.state === 'running' ? await settleLost(inside, tx, found) : undefined
  const build = lost?.build ?? found
  const doubted = lost?.doubted ?? []
  if (!build || isFinal(build.state)) {
    await queue.complete(tx, claim.id, claim.leaseNumber)
    return { buildId: claim.id, doubted }
  }
  return {
    lease: await startLease(inside, tx, { build, claim, runner }),
    buildId: build.id,
    doubted,
  }
}

async function startLease(
  { effects, config, timing }: Inside,
  tx: Db<Tables>,
  { build, claim, runner }: { build: BuildsTable; claim: Claim; runner: CurrentRunner },
): Promise<Lease> {
  const now = effects.now()
  const attempts = build.attempts + 1
  const line = `Attempt ${attempts}, on ${runner.name}.`
  const logOffset = attempts > 1 ? await addLogLine(tx, build, line) : build.log_bytes
  const holder = {
    runner_id: runner.id,
    runner_name: runner.name,
    runner_isolation: runner.isolation,
  }
  await moveBuild(
    tx,
    build.id,
    { from: 'queued', to: 'running' },
    { ...holder, attempts, started_at: now },
  )
  const token = newToken('nrl_', effects.random)
  const id = newId('lease', effects.random)
  await insertLease(tx, {
    id,
    build_id: build.id,
    org_id: build.org_id,
    runner_id: runner.id,
    number: claim.leaseNumber,
    token_hash: hashToken(token),
    created_at: now,
    expires_at: claim.leaseUntil,
    ended_at: null,
  })
  const source = await findSource(tx, { id: build.source_id, orgId: build.org_id })
  if (!source) throw new Error(`The build ${build.id} has no source.`)
  return {
    id,
    number: claim.leaseNumber,
    token,
    expiresAt: toTime(claim.leaseUntil),
    leaseSeconds: timing.leaseMs / 1000,
    heartbeatSeconds: timing.heartbeatSeconds,
    build: {
      id: build.id,
      platform: build.platform,
      buildType: build.build_type,
      project: projectOf(build),
      plan: planOf(build),
      source: { sha256: source.sha256, sizeBytes: source.size_bytes },
    },
    logOffset,
    limits: { minutes: config.limits.buildMinutes, logBytes: config.limits.logBytes },
  }
}

function noHello(): Fault {
  return new Fault('conflict', {
    message: 'This runner has not said what it can build.',
    fix: 'say hello first',
  })
}
