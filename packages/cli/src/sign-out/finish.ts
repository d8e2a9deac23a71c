import type { PendingSignOut } from '../home/pending-sign-outs.ts'
import type { Basics } from '../needs/basics.ts'
import { giveBack } from '../sign-in/end-session.ts'
import { endPatienceMs } from '../sign-in/keep.ts'
import { placeText, type Place } from './place.ts'

/**
 * Ends sessions of a place on their server that were signed out of while it could not be told, and says so. Takes 3 s at most
 * and never throws: it goes on beside a command that is about something else.
 *
 * @returns those that the server still could not be told of
 */
export async function finishSignOuts(
  place: Place,
  { pendingSignOutsOf, io, around }: Basics,
): Promise<readonly PendingSignOut[]> {
  const waiting = await pendingSignOutsOf(place.profile)
    .read(place.environment)
    .catch(() => [])
  const signal = AbortSignal.any([around.signal, AbortSignal.timeout(endPatienceMs)])
  const left = waiting.map(async (pending) => {
    const isOver =
      Date.parse(pending.expiresAt) <= around.now().getTime() ||
      (await giveBack(pending, signal).catch(() => false))
    if (!isOver) return [pending]
    await pending.forget().catch(() => {})
    io.talk.marked(
      'done',
      `The session of ${pending.email} that you signed out of earlier is over on ${placeText(place)} too.`,
    )
    return []
  })
  return (await Promise.all(left)).flat()
}
