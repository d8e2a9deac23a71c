import { setTimeout as sleep } from 'node:timers/promises'

/** What a poll says when it brings no tokens: nobody has answered yet, it came too soon, or it did not get through. */
export type NotYet = 'pending' | 'slow-down' | 'unreachable'

/** RFC 8628 section 3.5: the same for being told to slow down and for a connection that times out. */
const slowerBySeconds = 5
const intervalMaxSeconds = 30

/**
 * Polls until something comes (RFC 8628 sections 3.4 and 3.5). A network that is away for a while is no failure: the code
 * goes on living on the server.
 *
 * @param step one poll; throws what ends the wait
 * @param on.news called after each poll that brought nothing
 */
export async function pollUntil<T extends object>(
  step: () => Promise<T | NotYet>,
  on: {
    readonly intervalSeconds: number
    readonly signal: AbortSignal
    readonly news: (notYet: NotYet) => void
    readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>
  },
): Promise<T> {
  const wait = on.wait ?? ((ms, signal) => sleep(ms, undefined, { signal }))
  let seconds = on.intervalSeconds
  for (;;) {
    await wait(seconds * 1000, on.signal)
    const come = await step()
    if (typeof come === 'object') return come
    on.news(come)
    if (come === 'slow-down') seconds += slowerBySeconds
    if (come === 'unreachable')
      seconds = Math.max(seconds, Math.min(seconds + slowerBySeconds, intervalMaxSeconds))
  }
}
