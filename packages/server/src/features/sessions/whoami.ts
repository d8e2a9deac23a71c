import type { EnvironmentKind } from '@norrix/contract/api-key-format.policy'
import type { Output } from '@norrix/contract/types'
import type { KeyPrincipal, SessionPrincipal } from '../../http/principal.ts'
import { toTime, toTimeOrNull } from '../../kernel/clock.ts'
import type { Database } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import type { Orgs } from '../orgs/index.ts'
import { findSessionOfPerson } from './views.ts'

export interface EnvironmentFacts {
  readonly kind: EnvironmentKind
  readonly publicUrl: string
  readonly name: string
  readonly version: string
}

export interface WhoamiDeps {
  readonly db: Database<Tables>
  readonly orgs: Pick<Orgs, 'listFor'>
  readonly environment: EnvironmentFacts
}

/** Everything that `norrix whoami` and the dashboard's top bar say, in one answer. */
export async function whoami(
  deps: WhoamiDeps,
  principal: SessionPrincipal | KeyPrincipal,
): Promise<Output<'sessions.whoami'>> {
  const { publicUrl, ...environment } = deps.environment
  const { items } = await deps.orgs.listFor(principal, { limit: 100 })
  const base = { environment: { ...environment, url: publicUrl }, orgs: items }
  if (principal.kind === 'key') {
    const { keyId, name, start, scopes, expiresAt } = principal
    const key = { id: keyId, name, start, scopes: [...scopes], expiresAt: toTimeOrNull(expiresAt) }
    return { ...base, actor: 'key', user: null, session: null, key }
  }
  const row = await findSessionOfPerson(deps.db.kysely, principal.sessionId)
  return {
    ...base,
    actor: 'session',
    user: { id: row.account_id, email: row.email, name: row.name },
    session: {
      id: row.id,
      device: row.device,
      signedInWith: row.signed_in_with,
      createdAt: toTime(row.created_at),
      idleExpiresAt: toTime(row.idle_expires_at),
      expiresAt: toTime(row.expires_at),
    },
    key: null,
  }
}
