import type { Inside } from './deps.ts'
import { loseLease } from './lease-store.ts'
import { settleBlobs } from './doubts.ts'
import { settleLost } from './lost.ts'
import { findBuild } from './store.ts'
import { lostLeases, type LostLease } from './views.ts'

export interface Sweeper {
  start(): void
  /** Resolves when the sweep that is under way has ended. */
  stop(): Promise<void>
  /** One sweep, now: how many leases it ended. */
  sweep(): Promise<number>
}

/**
 * Looks for leases that ran out or whose runner was removed, and settles their builds; begins with the blobs that the process
 * before this one left in doubt. Several servers may sweep at once.
 */
export function leaseSweeper(inside: Inside): Sweeper {
  const { effects, timing } = inside
  let timer: NodeJS.Timeout | undefined
  let sweeping: Promise<unknown> = Promise.resolve()
  let isStopped = true
  const tick = () => {
    sweeping = sweepOnce(inside)
      .catch((cause: unknown) => effects.log.error('leases.sweep_failed', { cause }))
      .finally(() => {
        if (!isStopped) timer = setTimeout(tick, timing.sweepMs).unref()
      })
  }
  return {
    start() {
      if (!isStopped) return
      isStopped = false
      sweeping = settleBlobs(inside, inside.blobs.inDoubt).then(() => {
        if (!isStopped) tick()
      })
    },
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await sweeping
    },
    sweep: () => sweepOnce(inside),
  }
}

async function sweepOnce(inside: Inside): Promise<number> {
  let ended = 0
  for (const lease of await lostLeases(inside.db.kysely, inside.effects.now())) {
    if (await endLost(inside, lease)) ended += 1
  }
  return ended
}

async function endLost(inside: Inside, lease: LostLease): Promise<boolean> {
  const { db, effects, queue, bell } = inside
  const { id, build_id: buildId, number } = lease
  const settled = await db.transaction(async (tx) => {
    await queue.hold(tx, buildId)
    const isMine = await loseLease(tx, { id, expiresAt: lease.expires_at }, effects.now())
    if (!isMine) return undefined
    // Released: this was the newest lease. Otherwise another runner has the build, or it was cancelled meanwhile.
    if (!(await queue.release(tx, buildId, number))) return { doubted: [] }
    const build = await findBuild(tx, buildId)
    if (build?.state !== 'running')
      throw new Error(`The build ${buildId} had a job but did not run.`)
    const { build: after, doubted } = await settleLost(inside, tx, build)
    if (after.state !== 'queued') await queue.withdraw(tx, buildId)
    return { doubted, state: after.state }
  })
  if (!settled) return false
  await settleBlobs(inside, settled.doubted)
  effects.log.warn('lease.lost', {
    leaseId: id,
    buildId,
    runnerId: lease.runner_id,
    buildState: settled.state ?? 'unchanged',
  })
  bell.ring(buildId)
  queue.announce()
  return true
}
