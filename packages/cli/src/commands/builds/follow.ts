import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '@norrix/contract/client'
import { builds as operations } from '@norrix/contract/builds.operations'
import { Fault } from '@norrix/contract/fault'
import type { LogEvent } from '@norrix/contract/types'

export interface FollowOptions {
  readonly api: Client
  readonly orgId: string
  readonly buildId: string
  readonly signal: AbortSignal
  /** False: what is there now, then the end. */
  readonly follow: boolean
  /** Told when the connection broke and is made again. */
  readonly onBreak?: (fault: Fault) => void
  /** How long to try again after a break before giving up. */
  readonly patienceMs?: number
}

const patienceDefaultMs = 120_000
const pausesMs = [250, 500, 1000, 2000, 5000]

/**
 * A build's log and states until its end. A broken connection is made again from the last offset: nothing is lost and
 * nothing comes twice.
 *
 * @throws Fault whatever the server says; `network` when it could not be reached again in two minutes
 */
export async function* followBuild(
  options: FollowOptions,
): AsyncGenerator<LogEvent, void, undefined> {
  const { signal, patienceMs = patienceDefaultMs } = options
  let from = 0
  let brokenSince: number | undefined
  for (let tries = 0; ; tries++) {
    try {
      for await (const event of once(options, from)) {
        brokenSince = undefined
        tries = 0
        if (event.type === 'log') from = event.nextOffset
        yield event
        if (event.type === 'end') return
      }
      // The stream ended without saying so: at a server's restart, or when the token's time is over.
    } catch (error) {
      if (!(error instanceof Fault) || !isPassing(error) || signal.aborted) throw error
      brokenSince ??= Date.now()
      if (Date.now() - brokenSince > patienceMs) throw error
      options.onBreak?.(error)
    }
    await pause(pausesMs[Math.min(tries, pausesMs.length - 1)], undefined, { signal }).catch(
      () => {},
    )
    if (signal.aborted) throw signal.reason
  }
}

async function* once(
  { api, orgId, buildId, follow, signal }: FollowOptions,
  from: number,
): AsyncGenerator<LogEvent, void, undefined> {
  const query = { from, follow: follow ? ('true' as const) : ('false' as const) }
  const stream = api.stream(operations.log, { params: { orgId, buildId }, query, signal })
  for await (const { event } of stream) {
    const news = event.type === 'log' ? onlyNew(event, from) : event
    if (news.type === 'log') from = news.nextOffset
    if (news.type !== 'log' || news.text !== '') yield news
  }
}

/** What of a piece of log lies after `from`; a server may send a whole piece again. */
function onlyNew(event: Extract<LogEvent, { type: 'log' }>, from: number): typeof event {
  if (event.offset >= from) return event
  const text = Buffer.from(event.text)
    .subarray(from - event.offset)
    .toString('utf8')
  return { ...event, offset: from, text, nextOffset: Math.max(from, event.nextOffset) }
}

/** Whether trying again may help. */
function isPassing({ code }: Fault): boolean {
  return (
    code === 'network' || code === 'unavailable' || code === 'not_norrix' || code === 'internal'
  )
}
