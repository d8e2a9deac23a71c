import type { Client } from '@norrix/contract/client'
import { leases } from '@norrix/contract/leases.operations'
import { runLease, type LeaseOptions } from './lease.ts'
import { pause, repeatUntilAnswered } from './repeat.ts'

/** The longest that one asking for work waits at the server; below the idle time-outs of common proxies. */
const waitSeconds = 20

/** Takes builds one at a time until the signal aborts. @throws Fault runner_unknown when the token is no longer good */
export async function takeBuilds(client: Client, options: LeaseOptions): Promise<void> {
  const { log, signal } = options
  while (!signal.aborted) {
    const taken = await repeatUntilAnswered(signal, log, () =>
      client.call(leases.take, { body: { waitSeconds }, signal }),
    )
    if (!taken?.lease) continue
    const { build, number } = taken.lease
    log('build.taken', { buildId: build.id, leaseNumber: number })
    try {
      const end = await runLease(taken.lease, options)
      log('build.ended', { buildId: build.id, ...end })
    } catch (cause) {
      // The lease runs out by itself and the build goes to the next runner; this one must not die of it.
      log('build.dropped', {
        buildId: build.id,
        why: cause instanceof Error ? cause.message : String(cause),
      })
      await pause(1000, signal)
    }
  }
}
