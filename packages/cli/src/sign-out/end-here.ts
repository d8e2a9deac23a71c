import type { SessionRecord } from '../home/sessions.ts'
import type { Basics } from '../needs/basics.ts'
import { endOnServer } from '../sign-in/end-session.ts'
import { endPatienceMs } from '../sign-in/keep.ts'

/** What became of one environment's session. */
export interface Ended {
  readonly environment: string
  /** Undefined where there was none. */
  readonly record: SessionRecord | undefined
  /** `finishes-later`: the server could not be told, and is at the next command. `lives-on`: and not even that could be kept. */
  readonly there: 'over' | 'finishes-later' | 'lives-on'
}

/**
 * Ends an environment's session on its server, which gets 3 s, and removes it here whatever the server says (product ruling 18).
 *
 * @throws Fault home_unwritable when it cannot be removed here
 */
export async function endHere(environment: string, basics: Basics): Promise<Ended> {
  const { sessions } = basics
  // A file that cannot be read has been put aside, and is no session any more.
  const record = await sessions.read(environment).catch(() => undefined)
  const there = record ? await endThere(environment, record, basics) : 'over'
  await sessions.remove(environment)
  return { environment, record, there }
}

async function endThere(
  environment: string,
  record: SessionRecord,
  { pendingSignOuts }: Basics,
): Promise<Ended['there']> {
  if (record.endedAt !== null || (await endOnServer(record, endPatienceMs))) return 'over'
  const { issuer, revocationEndpoint, refreshToken, account, session } = record
  const endpoints = { issuer, revocationEndpoint, refreshToken }
  const pending = { ...endpoints, email: account.email, expiresAt: session.expiresAt }
  return pendingSignOuts.keep(environment, pending).then(
    () => 'finishes-later',
    () => 'lives-on',
  )
}
