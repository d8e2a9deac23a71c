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
  const names = await environmentNames(basics)
  const ended = await Promise.allSettled(
    (all === true ? names : [environment.name]).map((name) => signOutOf(name, basics)),
  )
  const done = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  await sayWhatIsLeft(done, { revoked: null, names }, basics)
  const failed = ended.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
})

/** Of those that were asked for before and not told, the server is told now. */
async function signOutOf(name: string, basics: Basics): Promise<Ended> {
  const waiting = await finishSignOuts(name, basics)
  const ended = await endHere(name, basics)
  sayEnded(ended, basics)
  for (const { issuer, expiresAt } of waiting) {
    basics.io.talk.marked('warning', untold(name, { issuer, expiresAt, isKept: true }, basics))
  }
  return ended
}

/** @throws Fault not_signed_in, session_ended, network: what is everywhere, only the server can end */
async function signOutEverywhere(environment: Environment, basics: Basics): Promise<void> {
  const { sessions, around, io } = basics
  const record = await sessionFor(environment, sessions)
  const api = apiFor(environment, { kind: 'session', record }, basics)
  const { revoked } = await api.call(operations.revokeAll, { signal: around.signal })
  await sessions.remove(environment.name)
  io.result.marked(
    'done',
    `Signed out everywhere: ${countText(revoked, 'session')} of ${record.account.email} on ${environment.name} ${revoked === 1 ? 'is' : 'are'} over.`,
  )
  const done: Ended = { environment: environment.name, record, there: 'over' }
  await sayWhatIsLeft([done], { revoked, names: await environmentNames(basics) }, basics)
}

function sayEnded({ environment, record, there }: Ended, basics: Basics): void {
  const { result } = basics.io
  if (!record) {
    result.line(`You are not signed in to ${environment}.`)
  } else if (there === 'over') {
    result.marked(
      'done',
      `Signed out of ${environment}: the session of ${record.account.email} is over.`,
    )
  } else {
    const { issuer, session } = record
    const facts = { issuer, expiresAt: session.expiresAt, isKept: there === 'finishes-later' }
    result.marked('warning', untold(environment, facts, basics))
  }
}

function untold(
  environment: string,
  { issuer, expiresAt, isKept }: { issuer: string; expiresAt: string; isKept: boolean },
  { around }: Basics,
): string {
  const here = environment === 'prod' ? 'here' : `of ${environment} here`
  const until = dateText(new Date(expiresAt), around.now())
  const next = isKept ? 'norrix finishes it at your next command, or revoke it' : 'Revoke it'
  return `Signed out ${here}. The server could not be told: this session stays valid there until ${until}. ${next} at ${new URL(issuer).origin}/account/sessions`
}

/** What still works is named, so that nobody takes this for more than it is (auth D4). */
async function sayWhatIsLeft(
  done: readonly Ended[],
  { revoked, names }: { revoked: number | null; names: readonly string[] },
  { io, sessions, around }: Basics,
): Promise<void> {
  const ended = new Set(done.map(({ environment }) => environment))
  const others: string[] = []
  for (const name of names) {
    if (ended.has(name)) continue
    const record = await sessions.read(name).catch(() => undefined)
    if (record?.endedAt === null) others.push(name)
  }
  io.document({
    signedOut: done.map(documentOf),
    revoked,
    stillWorks: { apiKey: hasKey(around.env), environments: others },
  })
  if (others.length > 0) {
    io.talk.line(
      `You are still signed in to ${others.join(' and ')}; norrix sign-out --all ends that too.`,
    )
  }
  if (hasKey(around.env)) {
    io.talk.marked('warning', 'NORRIX_API_KEY is still set; signing out does not touch it.')
  }
}

function documentOf({ environment, record, there }: Ended): object {
  return {
    environment,
    account: record?.account.email ?? null,
    endedOnServer: there === 'over',
    validUntil: there === 'over' ? null : (record?.session.expiresAt ?? null),
  }
}

/** Every environment that could hold a session on this machine. */
async function environmentNames({ settings }: Basics): Promise<readonly string[]> {
  const { environments } = await settings.read()
  return [...new Set(['prod', 'dev', ...Object.keys(environments)])]
}
