import type { Database, Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'

/** A session with what its check needs of the account and the token. */
export interface SessionRow {
  readonly id: string
  readonly kind: 'cli' | 'browser'
  readonly account_id: string
  readonly email: string
  readonly last_used_at: number
  readonly idle_expires_at: number
  readonly expires_at: number
  readonly ended_at: number | null
  readonly disabled_at: number | null
  /** Null for a cookie, which lives as long as its session. */
  readonly token_expires_at: number | null
  /** Thumbprint of the key that the token is bound to; null for a cookie. */
  readonly token_key: string | null
}

const columns = `s.id, s.kind, s.account_id, a.email, s.last_used_at, s.idle_expires_at, s.expires_at, s.ended_at,
  a.disabled_at`

/** The look-ups behind every request of a signed-in person: one statement, by digest. */
export function sessionLookups(db: Database<Tables>): {
  byToken: (tokenHash: string) => Promise<SessionRow | undefined>
  byCookie: (cookieHash: string) => Promise<SessionRow | undefined>
} {
  return {
    byToken: db.lookup<SessionRow>(
      `select ${columns}, t.expires_at as token_expires_at, t.key_thumbprint as token_key
       from oidc_states t
       join sessions s on s.grant_hash = t.grant_hash
       join accounts a on a.id = s.account_id
       where t.model = 'AccessToken' and t.id_hash = ?`,
    ),
    byCookie: db.lookup<SessionRow>(
      `select ${columns}, null as token_expires_at, null as token_key
       from sessions s join accounts a on a.id = s.account_id
       where s.cookie_hash = ?`,
    ),
  }
}

/** A session and its person, for showing. @throws when it vanished since it was looked up */
export async function findSessionOfPerson(db: Pick<Db<Tables>, 'selectFrom'>, sessionId: string) {
  return db
    .selectFrom('sessions')
    .innerJoin('accounts', 'accounts.id', 'sessions.account_id')
    .select([
      'sessions.id',
      'sessions.account_id',
      'accounts.email',
      'accounts.name',
      'sessions.device',
      'sessions.signed_in_with',
      'sessions.created_at',
      'sessions.idle_expires_at',
      'sessions.expires_at',
    ])
    .where('sessions.id', '=', sessionId)
    .executeTakeFirstOrThrow()
}
