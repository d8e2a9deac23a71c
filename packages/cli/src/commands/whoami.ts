import { sessions as operations } from '@norrix/contract/sessions.operations'
import type { Org, Output } from '@norrix/contract/types'
import { command } from '../command.ts'
import type { SessionStore } from '../home/sessions.ts'
import type { KeyStorage } from '../home/settings.ts'
import type { Field } from '../io/layout.ts'
import { agoText, dateText } from '../io/words.ts'
import type { Basics } from '../needs/basics.ts'
import type { Environment } from '../needs/environment.ts'
import { findOrg, orgText, reasonText, type FoundOrg } from '../needs/org.ts'

type Whoami = Output<'sessions.whoami'>

/** Asked live, in one request: what is printed is what the server says now. */
export const whoami = command(
  ['environment', 'credential', 'api'],
  async ({ environment, credential, api, ...basics }) => {
    const { io, sessions, around, profile } = basics
    const now = around.now()
    const who = await api.call(operations.whoami, { signal: around.signal })
    const found = await findOrg({ orgs: who.orgs, api, credential, environment, basics })
    const ignored =
      credential.kind === 'key' ? await ignoredSession(sessions, environment) : undefined
    const storage = who.actor === 'session' ? await sessions.storage() : undefined
    io.document(documentOf(who, { environment, found, ignored, storage, basics }))
    const { key, session, user } = who
    io.result.line(key ? `API key "${key.name}" (${key.id}, ${key.start}…)` : (user?.email ?? ''))
    io.result.fields([
      {
        label: 'environment',
        value: placeText(environment, api.baseUrl),
        because: sourceOf(environment),
      },
      orgField(found, now),
      ...(key ? [keyField(key, now)] : []),
      ...(session ? [sessionField(session, now)] : []),
      ...(profile.flag === ''
        ? []
        : [{ label: 'profile', value: profile.name, because: profile.because }]),
      // Said without pretence: whoever reads the whole home can use what lies in a file (product ruling 17).
      ...(storage === undefined ? [] : [{ label: 'key', value: storage }]),
    ])
    if (ignored !== undefined) io.talk.marked('warning', warningAbout(ignored))
  },
)

function placeText({ name }: Environment, origin: string): string {
  return `${name}  ${origin}`
}

function sourceOf(environment: Environment): string {
  return environment.server?.because === 'NORRIX_API_URL' ? 'NORRIX_API_URL' : environment.because
}

function orgField(found: FoundOrg, now: Date): Field {
  const label = 'organization'
  if (found.kind === 'one') {
    const { org, because } = found.inUse
    return { label, value: orgText(org), because: reasonText(because, now) }
  }
  if (found.orgs.length === 0) return { label, value: 'none' }
  return { label, value: `none chosen of ${found.orgs.length}`, because: 'norrix orgs select' }
}

function keyField(key: NonNullable<Whoami['key']>, now: Date): Field {
  const end =
    key.expiresAt === null ? 'expires never' : `expires ${dateText(new Date(key.expiresAt), now)}`
  return { label: 'scopes', value: `${key.scopes.join(', ')} · ${end}` }
}

function sessionField(session: NonNullable<Whoami['session']>, now: Date): Field {
  const ago = agoText(new Date(session.createdAt), now)
  return { label: 'signed in', value: `${session.device}, ${ago}, ${session.signedInWith}` }
}

/** The account of the session that a key outranks, if there is one. A broken file is no matter here. */
async function ignoredSession(
  sessions: SessionStore,
  { name }: Environment,
): Promise<string | undefined> {
  const record = await sessions.read(name).catch(() => undefined)
  return record?.account.email
}

function warningAbout(email: string): string {
  return `Your session as ${email} is ignored while NORRIX_API_KEY is set.`
}

function documentOf(
  who: Whoami,
  about: {
    environment: Environment
    found: FoundOrg
    ignored: string | undefined
    storage: KeyStorage | undefined
    basics: Pick<Basics, 'profile'>
  },
): object {
  const { environment, found, ignored } = about
  const inUse: { org: Org; because: { kind: string } } | undefined =
    found.kind === 'one' ? found.inUse : undefined
  return {
    actor: who.actor,
    environment: { ...who.environment, name: environment.name, because: sourceOf(environment) },
    organization: inUse ? { ...inUse.org, because: inUse.because.kind } : null,
    user: who.user,
    session: who.session,
    key: who.key,
    profile: about.basics.profile.name,
    storage: about.storage ?? null,
    warnings: ignored === undefined ? [] : [warningAbout(ignored)],
  }
}
