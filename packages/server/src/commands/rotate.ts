import { momentText, parseDuration } from '@norrix/cli/io/words'
import { Fault } from '@norrix/contract/fault'
import { rotateCookieKeys, rotateSigningKeys } from '../features/identity/index.ts'
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
  const folder = folderOf(opened)
  const { kid, acceptedUntil } = await rotateSigningKeys(folder, { now, signsFrom, old })
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
}

async function cookieKeys({ io }: Call, opened: Opened): Promise<void> {
  rotateCookieKeys(folderOf(opened))
  await record(opened, 'cookie-keys', { keys: 'cookie-keys' })
  io.document({ keys: 'cookie-keys' })
  io.talk.marked(
    'done',
    'New cookies are signed by a new key; those of the last one are still read.',
  )
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

/** @throws Fault conflict where several servers hold copies of the keys, each known to the database by its digest */
function folderOf({ config }: Opened): string {
  if (config.database.kind === 'sqlite') return config.secretsFolder
  throw new Fault('conflict', {
    message: 'Keys of several servers on PostgreSQL are not rotated by this command yet.',
    fix: 'nothing was changed; the keys go on as they are',
  })
}
