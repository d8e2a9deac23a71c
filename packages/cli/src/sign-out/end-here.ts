import type { SessionRecord } from '../home/sessions.ts'
import type { Basics } from '../needs/basics.ts'
import { endOnServer } from '../sign-in/end-session.ts'
import { endPatienceMs } from '../sign-in/keep.ts'
import type { Place } from './place.ts'

/** What became of the session in one place. */
export interface Ended {
  readonly place: Place
  /** Undefined where there was none. */
  readonly record: SessionRecord | undefined
  /** `finishes-later`: the server could not be told, and is at the next command. `lives-on`: and not even that could be kept. */
  readonly there: 'over' | 'finishes-later' | 'lives-on'
}

/**
 * Ends the session in a place on its server, which gets 3 s, and removes it here whatever the server says (product ruling 18).
 *
 * @throws Fault home_unwritable when it cannot be removed here
 */
export async function endHere(place: Place, basics: Basics): Promise<Ended> {
  const { environment, profile } = place
  const sessions = basics.sessionsOf(profile)
  // A file that cannot be read has been put aside, and is no session any more.
  const record = await sessions.read(environment).catch(() => undefined)
  const there = record ? await endThere(place, record, basics) : 'over'
  await sessions.remove(environment)
  return { place, record, there }
}

async function endThere(
  { environment, profile }: Place,
  record: SessionRecord,
  basics: Basics,
): Promise<Ended['there']> {
  if (record.endedAt !== null || (await endOnServer(record, endPatienceMs))) return 'over'
  const { issuer, revocationEndpoint, refreshToken, account, session } = record
  const endpoints = { issuer, revocationEndpoint, refreshToken }
  const pending = { ...endpoints, email: account.email, expiresAt: session.expiresAt }
  return basics
    .pendingSignOutsOf(profile)
    .keep(environment, pending)
    .then(
      () => 'finishes-later',
      () => 'lives-on',
    )
}
