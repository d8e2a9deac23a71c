import { Fault } from '@norrix/contract/fault'
import type { Output } from '@norrix/contract/types'
import type { SessionRecord } from '../home/sessions.ts'
import { withEnvironment, type Settings } from '../home/settings.ts'
import type { Environment } from '../needs/environment.ts'
import type { Basics } from '../needs/basics.ts'
import { tokenFields } from '../needs/refresh.ts'
import type { BoundTokens, Endpoints } from './authorize.ts'
import type { FoundServer } from './discover.ts'
import { endOnServer } from './end-session.ts'

export type Whoami = Output<'sessions.whoami'>

/** How long a server is given to end a session (product ruling 18). */
export const endPatienceMs = 3000

/**
 * What is written down of a sign-in that the server has confirmed.
 *
 * @throws Fault not_norrix when the server does not say who it was
 */
export function recordOf(
  found: { origin: string; tokens: BoundTokens; endpoints: Endpoints; who: Whoami },
  now: Date,
): SessionRecord {
  const { origin, tokens, endpoints, who } = found
  if (!who.user || !who.session) {
    throw new Fault('not_norrix', {
      message: `${origin} does not say who signed in. You are not signed in.`,
      fix: 'tell whoever runs the server',
    })
  }
  return {
    issuer: origin,
    tokenEndpoint: endpoints.tokenEndpoint,
    revocationEndpoint: endpoints.revocationEndpoint,
    ...tokenFields(tokens, now),
    refreshToken: tokens.refreshToken,
    key: tokens.key,
    account: { id: who.user.id, email: who.user.email },
    session: { id: who.session.id, expiresAt: who.session.expiresAt },
    signedInAt: now.toISOString(),
    endedAt: null,
  }
}

/**
 * Writes the session and the server down.
 *
 * @throws Fault home_unwritable; the session is ended on the server then, for nobody could use it
 */
export async function keep(
  record: SessionRecord,
  { server, environment }: { server: FoundServer; environment: Environment },
  basics: Basics,
): Promise<void> {
  try {
    await basics.sessions.write(environment.name, record)
    await basics.settings.change((settings) => remember(settings, environment.name, server))
  } catch (error) {
    await endOnServer(record, endPatienceMs)
    throw error
  }
}

/** Trusts the server under this name, and its sibling under the other kind's name if that is free (product ruling 13). */
export function remember(settings: Settings, name: string, server: FoundServer): Settings {
  const named = trust(settings, name, { ...server, from: 'user' })
  const { sibling } = server
  if (name !== server.kind || !sibling || sibling.kind === server.kind) return named
  // What the user has named goes before what a server names.
  if (named.environments[sibling.kind]?.from === 'user') return named
  return trust(named, sibling.kind, { ...sibling, from: 'sibling' })
}

function trust(
  settings: Settings,
  name: string,
  { origin, kind, from }: Pick<FoundServer, 'origin' | 'kind'> & { from: 'user' | 'sibling' },
): Settings {
  const known = settings.environments[name]
  const isSame = known !== undefined && new URL(known.url).origin === origin
  // Accounts of another server mean nothing here.
  return withEnvironment(settings, name, {
    url: origin,
    kind,
    from,
    orgs: isSame ? known.orgs : {},
  })
}
