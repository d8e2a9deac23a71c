import { Fault } from '@norrix/contract/fault'
import { newId } from '@norrix/contract/id'
import type { Route } from '../../http/implement.ts'
import type { Authenticate, SessionPrincipal } from '../../http/principal.ts'
import type { Db } from '../../kernel/db/database.ts'
import { hashToken, newToken } from '../../kernel/secrets.ts'
import type { Tables } from '../../schema/index.ts'
import { proofCheck } from './proofs.ts'
import { sessionsRoutes } from './routes.ts'
import type { SessionsDeps } from './service.ts'
import { endSession, insertSession, touchSession } from './store.ts'
import { sessionLookups, type SessionRow } from './views.ts'
import type { WhoamiDeps } from './whoami.ts'

export { endSessionsOf } from './store.ts'
export type { SignInStates } from './service.ts'

const day = 24 * 60 * 60 * 1000

/** A session that nobody uses for this long ends. */
export const sessionIdleMs = 30 * day
/** Used or not, a session ends then. */
export const sessionLifeMs = 90 * day
/** A browser is left open by more people than a terminal is: shorter limits (auth J1). */
const browserIdleMs = 8 * 60 * 60 * 1000
const browserLifeMs = 7 * day
/** "Last used" is as fine as this; a row is not written at each request. */
const touchEveryMs = 60_000

type SessionTransaction = Db<Pick<Tables, 'sessions'>>

export interface NewSession {
  readonly accountId: string
  readonly device: string
  readonly signedInWith: string
  readonly address: string
}

export interface Sessions {
  readonly routes: readonly Route[]
  readonly cookieName: string
  readonly authenticateToken: Authenticate<'access-token', SessionPrincipal>
  readonly authenticateCookie: Authenticate<'cookie', SessionPrincipal>
  /** A command line's session; `grantHash` is what its tokens are found by. */
  startCli(
    tx: SessionTransaction,
    session: NewSession & { readonly grantHash: string },
  ): Promise<{ id: string }>
  /** A browser's session, and the cookie that is it. */
  startBrowser(
    tx: SessionTransaction,
    session: NewSession,
  ): Promise<{ id: string; cookie: string; maxAgeSeconds: number }>
  endByCookie(tx: SessionTransaction, cookie: string): Promise<void>
  /** Ends the session whose tokens were given back, or whose code was used twice. */
  endByGrant(tx: SessionTransaction, grantHash: string): Promise<void>
}

export function sessionsFeature(deps: SessionsDeps & WhoamiDeps): Sessions {
  const { db, effects } = deps
  const lookups = sessionLookups(db)
  const cookieName = sessionCookieName(deps.environment)

  const checkProof = proofCheck(deps)
  const alive = (row: SessionRow | undefined): SessionRow => {
    const now = effects.now()
    if (!row || row.ended_at !== null || row.disabled_at !== null) throw sessionEnded()
    if (row.expires_at <= now || row.idle_expires_at <= now) throw sessionEnded()
    if (row.token_expires_at !== null && row.token_expires_at <= now) throw sessionEnded()
    return row
  }
  /** Whoever stole a token without its key has not used the session: it is used once everything has been checked. */
  const used = (row: SessionRow, via: SessionPrincipal['via']): SessionPrincipal => {
    const now = effects.now()
    if (now - row.last_used_at > touchEveryMs) void touch(row, now)
    return { kind: 'session', sessionId: row.id, accountId: row.account_id, email: row.email, via }
  }
  const touch = (row: SessionRow, now: number): Promise<void> => {
    const idleMs = row.kind === 'cli' ? sessionIdleMs : browserIdleMs
    return touchSession(db.kysely, row.id, { now, idleExpiresAt: now + idleMs }).catch(
      (cause: unknown) => effects.log.warn('session.touch_failed', { cause }),
    )
  }
  const start = async (
    tx: SessionTransaction,
    session: NewSession,
    credential:
      | { kind: 'cli'; grant_hash: string; cookie_hash: null }
      | { kind: 'browser'; grant_hash: null; cookie_hash: string },
  ): Promise<{ id: string }> => {
    const now = effects.now()
    const [idleMs, lifeMs] =
      credential.kind === 'cli' ? [sessionIdleMs, sessionLifeMs] : [browserIdleMs, browserLifeMs]
    const id = newId('session', effects.random)
    await insertSession(tx, {
      id,
      account_id: session.accountId,
      ...credential,
      device: session.device,
      signed_in_with: session.signedInWith,
      address: session.address,
      created_at: now,
      last_used_at: now,
      idle_expires_at: now + idleMs,
      expires_at: now + lifeMs,
      ended_at: null,
    })
    return { id }
  }

  return {
    cookieName,
    async authenticateToken(credential) {
      const row = alive(await lookups.byToken(hashToken(credential.token)))
      // A token without a key is none that this server gives out.
      if (row.token_key === null) throw sessionEnded()
      await checkProof(credential, row.token_key)
      return used(row, 'token')
    },
    authenticateCookie: async ({ value }) =>
      used(alive(await lookups.byCookie(hashToken(value))), 'cookie'),
    startCli: (tx, session) =>
      start(tx, session, { kind: 'cli', grant_hash: session.grantHash, cookie_hash: null }),
    startBrowser: async (tx, session) => {
      const cookie = newToken('', effects.random)
      const { id } = await start(tx, session, {
        kind: 'browser',
        grant_hash: null,
        cookie_hash: hashToken(cookie),
      })
      return { id, cookie, maxAgeSeconds: browserLifeMs / 1000 }
    },
    endByCookie: async (tx, cookie) => {
      await endSession(tx, ['cookie_hash', hashToken(cookie)], effects.now())
    },
    endByGrant: async (tx, grantHash) => {
      await endSession(tx, ['grant_hash', grantHash], effects.now())
    },
    routes: sessionsRoutes(deps),
  }
}

/** Named after the environment, since cookies ignore ports (ruling 21). */
function sessionCookieName({ kind, publicUrl }: { kind: string; publicUrl: string }): string {
  const prefix = publicUrl.startsWith('https:') ? '__Host-' : ''
  return `${prefix}norrix_${kind}_session`
}

function sessionEnded(): Fault {
  return new Fault('session_ended', {
    message: 'This session is over, or this server does not know it.',
    fix: 'norrix sign-in',
  })
}
