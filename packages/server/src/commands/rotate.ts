import { momentText, parseDuration } from '@norrix/cli/io/words'
import { rotateCookieKeys, rotateSigningKeys } from '../features/identity/index.ts'
import type { Secrets } from '../kernel/secrets.ts'
import { secretsOf } from '../kernel/shared-secrets.ts'
import { textOption, usage, wordOf, type Call } from './command.ts'
import { withDatabase, type Opened } from './environment.ts'

/** Every server looks at its keys within seconds; less than this and one might sign with what another does not publish yet. */
const leastMs = 5000
const defaultAfter = '5m'

/** Rotates keys beside servers that go on serving: they notice by themselves. */
export function rotate(call: Call): Promise<void> {
  const what = wordOf(call, 0)
  if (what === 'signing-keys') return withDatabase(call, (opened) => signingKeys(call, opened))
  if (what === 'cookie-keys') return withDatabase(call, (opened) => cookieKeys(call, opened))
  throw usage(`There are no keys ${what.slice(0, 40)}.`, 'rotate signing-keys or cookie-keys')
}

async function signingKeys(call: Call, opened: Opened): Promise<void> {
  const { io, around } = call
  const now = opened.effects.now()
  const atOnce = call.options['atOnce'] === true
  const signsFrom = atOnce ? now : now + afterOf(call)
  const old = atOnce ? 'drop' : 'accept'
  const times = { now, signsFrom, old } as const
  const { kid, acceptedUntil } = await rotateSigningKeys(secretsIn(opened), times)
  await record(opened, kid, { keys: 'signing-keys', atOnce })
  const at = (ms: number) => momentText(new Date(ms), around.now())
  io.document({ kid, signsFrom: new Date(signsFrom), oldAcceptedUntil: new Date(acceptedUntil) })
  io.talk.marked('done', `The new signing key ${kid.slice(0, 12)}… is published.`)
  io.talk.fields([
    { label: 'signs from', value: at(signsFrom) },
    {
      label: 'the old one',
      value: atOnce ? 'is dropped now' : `is accepted until ${at(acceptedUntil)}`,
    },
  ])
  sayOthers(call, opened, atOnce ? 'now' : `before ${at(signsFrom)}`)
}

async function cookieKeys(call: Call, opened: Opened): Promise<void> {
  await rotateCookieKeys(secretsIn(opened))
  await record(opened, 'cookie-keys', { keys: 'cookie-keys' })
  call.io.document({ keys: 'cookie-keys' })
  call.io.talk.marked(
    'done',
    'New cookies are signed by a new key; those of the last one are still read.',
  )
  sayOthers(call, opened, 'now')
}

function afterOf(call: Call): number {
  const typed = textOption(call, 'after') ?? defaultAfter
  const ms = parseDuration(typed)
  if (ms !== undefined && ms >= leastMs) return ms
  throw usage(
    `--after ${typed.slice(0, 20)} is no time of 5 seconds or more.`,
    'write 30s, 5m or 1h',
  )
}

function record(
  { db, audit, by }: Opened,
  subjectId: string,
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  const event = { actor: by.actor, action: 'service.rotate', orgId: null, subjectId, details }
  return db.transaction((tx) => audit.record(tx, { ...event, ...by.origin }))
}

function secretsIn({ db, config }: Opened): Secrets {
  return secretsOf(db.kysely, config.database.kind, config.secretsFolder)
}

/** Servers that share a database have copies of the file, which nobody but the operator can bring them. */
function sayOthers({ io }: Call, { config }: Opened, when: string): void {
  if (config.database.kind === 'sqlite') return
  io.talk.fields([
    { label: 'next', value: `copy ${config.secretsFolder} to the other servers ${when}` },
    { label: 'until then', value: 'they go on with the old key, and would not start anew' },
  ])
}
