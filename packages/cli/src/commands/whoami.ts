import { sessions as operations } from '@norrix/contract/sessions.operations'
import type { Output, WhoamiDocument } from '@norrix/contract/types'
import { command } from '../command.ts'
import type { KeyStorage } from '../home/settings.ts'
import type { Field } from '../io/layout.ts'
import { agoText, dateText } from '../io/words.ts'
import type { Basics } from '../needs/basics.ts'
import type { Environment } from '../needs/environment.ts'
import { findOrg, orgText, reasonText, type FoundOrg, type OrgInUse } from '../needs/org.ts'
import { ignoredSession, placeFields, sourceOf, warningAbout } from './whoami-words.ts'

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
      ...placeFields(profile, storage),
    ])
    if (ignored !== undefined) io.talk.marked('warning', warningAbout(ignored))
  },
)

function placeText({ name }: Environment, origin: string): string {
  return `${name}  ${origin}`
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

function documentOf(
  who: Whoami,
  about: {
    environment: Environment
    found: FoundOrg
    ignored: string | undefined
    storage: KeyStorage | undefined
    basics: Pick<Basics, 'profile'>
  },
): WhoamiDocument {
  const { environment, found, ignored } = about
  return {
    offline: false,
    actor: who.actor,
    environment: environmentOf(who, environment),
    organization: found.kind === 'one' ? organizationOf(found.inUse) : null,
    user: who.user,
    session: who.session,
    key: who.key,
    profile: about.basics.profile.name,
    storage: about.storage ?? null,
    warnings: ignored === undefined ? [] : [warningAbout(ignored)],
  }
}

function environmentOf(
  { environment: { kind, url, version } }: Whoami,
  environment: Environment,
): WhoamiDocument['environment'] {
  return { name: environment.name, kind, url, version, because: sourceOf(environment) }
}

function organizationOf({ org, because }: OrgInUse): WhoamiDocument['organization'] {
  const { id, name, role } = org
  return { id, name, role, because: because.kind }
}
