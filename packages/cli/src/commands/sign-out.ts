import { Fault } from '@norrix/contract/fault'
import { sessions as operations } from '@norrix/contract/sessions.operations'
import { command } from '../command.ts'
import { countText, dateText } from '../io/words.ts'
import { apiFor } from '../needs/api.ts'
import type { Basics } from '../needs/basics.ts'
import { hasKey, sessionFor } from '../needs/credential.ts'
import type { Environment } from '../needs/environment.ts'
import { endHere, type Ended } from '../sign-out/end-here.ts'
import { finishSignOuts } from '../sign-out/finish.ts'
import { placesHere, placeText, type Place } from '../sign-out/place.ts'

/** The local session goes whatever the server says, and the exit code is 0 (product ruling 18); only `--everywhere` needs it. */
export const signOut = command(['environment'], async ({ environment, ...basics }) => {
  const { all, everywhere } = basics.call.options
  if (all === true && everywhere === true) {
    throw new Fault('usage', {
      message: '--all and --everywhere mean two things: this machine, and this account.',
      fix: 'leave one of them out, or run one after the other',
    })
  }
  if (everywhere === true) return signOutEverywhere(environment, basics)
  const places = await placesHere(basics)
  const here = { environment: environment.name, profile: basics.profile.name }
  const ended = await Promise.allSettled(
    (all === true ? places : [here]).map((place) => signOutOf(place, basics)),
  )
  const done = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  await sayWhatIsLeft(done, { revoked: null, places }, basics)
  const failed = ended.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
})

/** Of those that were asked for before and not told, the server is told now. */
async function signOutOf(place: Place, basics: Basics): Promise<Ended> {
  const waiting = await finishSignOuts(place, basics)
  const ended = await endHere(place, basics)
  sayEnded(ended, basics)
  for (const { issuer, expiresAt } of waiting) {
    basics.io.talk.marked('warning', untold(place, { issuer, expiresAt, isKept: true }, basics))
  }
  return ended
}

/** @throws Fault not_signed_in, session_ended, network: what is everywhere, only the server can end */
async function signOutEverywhere(environment: Environment, basics: Basics): Promise<void> {
  const { sessions, around, io, profile } = basics
  const record = await sessionFor(environment, sessions)
  const api = apiFor(environment, { kind: 'session', record }, basics)
  const { revoked } = await api.call(operations.revokeAll, { signal: around.signal })
  await sessions.remove(environment.name)
  io.result.marked(
    'done',
    `Signed out everywhere: ${countText(revoked, 'session')} of ${record.account.email} on ${environment.name} ${revoked === 1 ? 'is' : 'are'} over.`,
  )
  const place = { environment: environment.name, profile: profile.name }
  const done: Ended = { place, record, there: 'over' }
  await sayWhatIsLeft([done], { revoked, places: await placesHere(basics) }, basics)
}

function sayEnded({ place, record, there }: Ended, basics: Basics): void {
  const { result } = basics.io
  if (!record) {
    result.line(`You are not signed in to ${placeText(place)}.`)
  } else if (there === 'over') {
    result.marked(
      'done',
      `Signed out of ${placeText(place)}: the session of ${record.account.email} is over.`,
    )
  } else {
    const { issuer, session } = record
    const facts = { issuer, expiresAt: session.expiresAt, isKept: there === 'finishes-later' }
    result.marked('warning', untold(place, facts, basics))
  }
}

function untold(
  place: Place,
  { issuer, expiresAt, isKept }: { issuer: string; expiresAt: string; isKept: boolean },
  { around }: Basics,
): string {
  const here = placeText(place) === 'prod' ? 'here' : `of ${placeText(place)} here`
  const until = dateText(new Date(expiresAt), around.now())
  const next = isKept ? 'norrix finishes it at your next command, or revoke it' : 'Revoke it'
  return `Signed out ${here}. The server could not be told: this session stays valid there until ${until}. ${next} at ${new URL(issuer).origin}/account/sessions`
}

/** What still works is named, so that nobody takes this for more than it is (auth D4). */
async function sayWhatIsLeft(
  done: readonly Ended[],
  { revoked, places }: { revoked: number | null; places: readonly Place[] },
  { io, sessionsOf, around }: Basics,
): Promise<void> {
  const ended = new Set(done.map(({ place }) => placeText(place)))
  const others: Place[] = []
  for (const place of places) {
    if (ended.has(placeText(place))) continue
    const { environment, profile } = place
    const record = await sessionsOf(profile)
      .read(environment)
      .catch(() => undefined)
    if (record?.endedAt === null) others.push(place)
  }
  io.document({
    signedOut: done.map(documentOf),
    revoked,
    stillWorks: { apiKey: hasKey(around.env), sessions: others },
  })
  if (others.length > 0) {
    io.talk.line(
      `You are still signed in to ${others.map(placeText).join(' and ')}; norrix sign-out --all ends that too.`,
    )
  }
  if (hasKey(around.env)) {
    io.talk.marked('warning', 'NORRIX_API_KEY is still set; signing out does not touch it.')
  }
}

function documentOf({ place, record, there }: Ended): object {
  return {
    ...place,
    account: record?.account.email ?? null,
    endedOnServer: there === 'over',
    validUntil: there === 'over' ? null : (record?.session.expiresAt ?? null),
  }
}
