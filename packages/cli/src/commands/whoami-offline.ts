import type { WhoamiDocument } from '@norrix/contract/types'
import { command } from '../command.ts'
import type { KeyStorage } from '../home/settings.ts'
import type { Field } from '../io/layout.ts'
import { agoText, dateText } from '../io/words.ts'
import type { Basics } from '../needs/basics.ts'
import { textOption } from '../needs/call.ts'
import type { Credential, SessionCredential } from '../needs/credential.ts'
import type { Environment } from '../needs/environment.ts'
import { checkOrgId, reasonText, type OrgReason } from '../needs/org.ts'
import type { Profile } from '../needs/profile.ts'
import { ignoredSession, placeFields, sourceOf, warningAbout } from './whoami-words.ts'

/** What lies on this machine, without a request: it may be wrong, and says that nobody was asked. */
export const whoamiOffline = command(
  ['environment', 'credential'],
  async ({ environment, credential, ...basics }) => {
    const { io, around, sessions, profile } = basics
    const now = around.now()
    const org = rememberedOrg(environment, credential, basics)
    const ignored =
      credential.kind === 'key' ? await ignoredSession(sessions, environment) : undefined
    const storage = credential.kind === 'session' ? await sessions.storage() : undefined
    io.document(documentOf({ environment, credential, org, ignored, storage, profile }))
    io.result.line(
      credential.kind === 'key' ? `API key ${credential.start}…` : credential.record.account.email,
    )
    io.result.fields([
      {
        label: 'environment',
        value: `${environment.name}  ${originOf(environment, credential) ?? 'no server yet'}`,
        because: sourceOf(environment),
      },
      orgField(org, credential, now),
      ...(credential.kind === 'session' ? [sessionField(credential, now)] : []),
      ...placeFields(profile, storage),
    ])
    io.talk.marked('warning', 'The server was not asked: this is what this machine remembers.')
    if (ignored !== undefined) io.talk.marked('warning', warningAbout(ignored))
  },
)

interface RememberedOrg {
  readonly id: string
  readonly because: OrgReason
}

/** What was typed or chosen; a key's own organization, and the only one of somebody's, are known to the server alone. */
function rememberedOrg(
  environment: Environment,
  credential: Credential,
  { call }: Basics,
): RememberedOrg | undefined {
  const flag = textOption(call, 'org')
  if (flag !== undefined) return { id: checkOrgId(flag), because: { kind: 'flag' } }
  if (credential.kind === 'key') return undefined
  const chosen = environment.known?.orgs[credential.record.account.id]
  return chosen && { id: chosen.id, because: { kind: 'selected', at: new Date(chosen.chosenAt) } }
}

function originOf({ server }: Environment, credential: Credential): string | undefined {
  if (credential.kind === 'session') return new URL(credential.record.issuer).origin
  return server?.origin
}

function orgField(org: RememberedOrg | undefined, credential: Credential, now: Date): Field {
  const label = 'organization'
  if (org) return { label, value: org.id, because: reasonText(org.because, now) }
  return { label, value: credential.kind === 'key' ? "the key's own" : 'none chosen here' }
}

function sessionField({ record }: SessionCredential, now: Date): Field {
  const ago = agoText(new Date(record.signedInAt), now)
  const until = dateText(new Date(record.session.expiresAt), now)
  return { label: 'signed in', value: `${ago}, until ${until} at the latest` }
}

function documentOf(facts: {
  environment: Environment
  credential: Credential
  org: RememberedOrg | undefined
  ignored: string | undefined
  storage: KeyStorage | undefined
  profile: Profile
}): WhoamiDocument {
  const { environment, credential, org, ignored, storage, profile } = facts
  const url = originOf(environment, credential) ?? null
  const { name, kind = null } = environment
  const common = {
    offline: true,
    profile: profile.name,
    environment: { name, kind, url, version: null, because: sourceOf(environment) },
    organization: org ? { id: org.id, name: null, role: null, because: org.because.kind } : null,
    warnings: ignored === undefined ? [] : [warningAbout(ignored)],
  }
  if (credential.kind === 'key') {
    const key = { id: null, name: null, start: credential.start, scopes: null, expiresAt: null }
    return { ...common, actor: 'key', user: null, session: null, key, storage: null }
  }
  const { account, session, signedInAt } = credential.record
  return {
    ...common,
    actor: 'session',
    user: { ...account, name: null },
    session: {
      id: session.id,
      device: null,
      signedInWith: null,
      createdAt: signedInAt,
      idleExpiresAt: null,
      expiresAt: session.expiresAt,
    },
    key: null,
    storage: storage ?? null,
  }
}
