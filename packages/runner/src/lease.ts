import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, type Client } from '@norrix/contract/client'
import { Fault } from '@norrix/contract/fault'
import { leases } from '@norrix/contract/leases.operations'
import type { BodySent, Lease } from '@norrix/contract/types'
import type { RunnerLog } from './log.ts'
import type { BuildEnd } from './build.ts'
import { logPusher } from './log-pusher.ts'
import type { LeaseAtWork } from './work.ts'
import { repeatUntilAnswered } from './repeat.ts'

export interface LeaseOptions {
  /** Origin of the server. */
  readonly url: string
  /** What is done under the lease. @throws Fault lease_lost */
  readonly build: (work: LeaseAtWork) => Promise<BuildEnd>
  /** Stops the runner, and the build that it runs. */
  readonly signal: AbortSignal
  readonly log: RunnerLog
}

/**
 * Runs one lease to its end: heartbeats beside the build, the log as it comes, artifacts, the outcome.
 *
 * @throws Fault lease_lost when another runner may have the build: what was done here does not count
 */
export async function runLease(
  lease: Lease,
  options: LeaseOptions,
): Promise<BodySent<'leases.finish'>> {
  const { url, build, log } = options
  const client = createClient({
    baseUrl: url,
    headers: () => ({ Authorization: `Bearer ${lease.token}` }),
  })
  const cancelled = new AbortController()
  const lost = new AbortController()
  const done = new AbortController()
  const gone = AbortSignal.any([lost.signal, options.signal])
  const insist = async <T>(call: () => Promise<T>): Promise<T> => {
    const answer = await repeatUntilAnswered(gone, log, async () => ({ value: await call() }))
    if (!answer) throw leaseLost()
    return answer.value
  }
  const pusher = logPusher({ client, lease, insist })
  const beating = beat({ lease, client, log, done: done.signal, cancelled, lost })
  try {
    const end = await build({
      lease,
      client,
      say: pusher.say,
      stop: AbortSignal.any([cancelled.signal, gone]),
      gone,
      mask: [lease.token],
      insist,
    })
    await pusher.flush()
    const report = toReport(cancelled.signal.aborted ? { kind: 'cancelled' } : end)
    const params = { leaseId: lease.id }
    await insist(() => client.call(leases.finish, { params, body: report }))
    return report
  } finally {
    done.abort()
    await beating
  }
}

function leaseLost(): Fault {
  return new Fault('lease_lost', {
    message: 'The lease is over; another runner may have the build.',
  })
}

async function beat(options: {
  lease: Lease
  client: Client
  log: RunnerLog
  done: AbortSignal
  cancelled: AbortController
  lost: AbortController
}): Promise<void> {
  const { lease, client, log, done, cancelled, lost } = options
  // Of this machine's clock only differences count: it may be hours from the server's.
  const leaseMs = lease.leaseSeconds * 1000
  let renewedAt = Date.now()
  while (!done.aborted) {
    await sleep(lease.heartbeatSeconds * 1000, undefined, { signal: done }).catch(() => {})
    if (done.aborted) return
    const askedAt = Date.now()
    try {
      const answer = await client.call(leases.heartbeat, {
        params: { leaseId: lease.id },
        signal: done,
      })
      renewedAt = askedAt
      if (answer.cancelled) cancelled.abort()
    } catch (error) {
      if (done.aborted) return
      const over = error instanceof Fault && error.code === 'lease_lost'
      log('heartbeat.failed', { buildId: lease.build.id, why: String(error) })
      // Without an answer until the lease has run out, the build may be another runner's by now.
      if (over || Date.now() - renewedAt > leaseMs) return lost.abort()
    }
  }
}

function toReport(end: BuildEnd): BodySent<'leases.finish'> {
  switch (end.kind) {
    case 'succeeded':
      return { outcome: 'succeeded', exitCode: 0, failure: null }
    case 'cancelled':
      return { outcome: 'cancelled', exitCode: null, failure: null }
    case 'failed':
      return {
        outcome: 'failed',
        exitCode: end.exitCode,
        failure: { code: end.code, message: end.message.slice(0, 1000) },
      }
  }
}
