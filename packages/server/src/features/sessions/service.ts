import { parseCursor, toPage, type Page } from '@norrix/contract/page'
import type { Session } from '@norrix/contract/types'
import type { RequestContext } from '../../http/implement.ts'
import type { SessionPrincipal } from '../../http/principal.ts'
import { notFound } from '../../http/refusals.ts'
import { toTime } from '../../kernel/clock.ts'
import type { Database, Db } from '../../kernel/db/database.ts'
import type { Effects } from '../../kernel/effects.ts'
import type { Tables } from '../../schema/index.ts'
import type { SessionsTable } from '../../schema/tables/sessions.ts'
import { actorOf, originOf, type Audit } from '../audit/index.ts'
import { endSession, endSessionsOf, findSessionOf, listSessionsOf } from './store.ts'

/** What the authorization server, which is above this feature, ends with a session, in the caller's transaction. */
export interface SignInStates {
  /** The tokens behind a grant. */
  endGrant(tx: Db<Tables>, grantHash: string): Promise<void>
  /** What browsers remember of the account: without it, the next sign-in in any of them asks who it is. */
  forgetBrowsersOf(tx: Db<Tables>, accountId: string): Promise<void>
  /** All that stands for the account: grants, tokens, what browsers remember, sign-ins on their way. */
  endStatesOf(tx: Db<Tables>, accountId: string): Promise<void>
}

export interface SessionsDeps {
  readonly db: Database<Tables>
  readonly effects: Effects
  readonly audit: Audit
  readonly states: SignInStates
}

/** Who asks, and from where, for the audit. */
export interface Asking {
  readonly principal: SessionPrincipal
  readonly context: RequestContext
}

export interface SessionsService {
  /** Ends the session that asks. */
  end(asking: Asking): Promise<void>
  /** Of the account that asks, those that live. */
  list(
    principal: SessionPrincipal,
    page: { limit: number; cursor?: string | undefined },
  ): Promise<Page<Session>>
  /**
   * Ends one session of the account that asks. One that was over before stays as it was.
   *
   * @throws Fault not_found for a session of anybody else
   */
  revoke(sessionId: string, asking: Asking): Promise<Session>
  /** Ends all sessions of the account that asks, its own included. */
  revokeAll(asking: Asking): Promise<{ revoked: number }>
}

export function sessionsService(deps: SessionsDeps): SessionsService {
  const { db, effects, audit, states } = deps
  return {
    end: ({ principal, context }) =>
      db.transaction(async (tx) => {
        const ended = await endSession(tx, ['id', principal.sessionId], effects.now())
        if (ended?.grant_hash) await states.endGrant(tx, ended.grant_hash)
        await audit.record(tx, {
          actor: actorOf(principal),
          action: 'sessions.end',
          orgId: null,
          subjectId: principal.sessionId,
          ...originOf(context),
        })
      }),
    async list(principal, { limit, cursor }) {
      const after = cursor === undefined ? undefined : parseCursor(cursor)
      const whose = { accountId: principal.accountId, now: effects.now() }
      const rows = await listSessionsOf(db.kysely, whose, { limit, after })
      const page = toPage(rows, limit, (row) => ({ at: row.created_at, id: row.id }))
      return { items: page.items.map((row) => toSession(row, principal)), next: page.next }
    },
    revoke: (sessionId, { principal, context }) =>
      db.transaction(async (tx) => {
        const { accountId } = principal
        const row = await findSessionOf(tx, { accountId, id: sessionId })
        if (!row) throw notFound()
        if (await endSession(tx, ['id', row.id], effects.now())) {
          if (row.grant_hash !== null) await states.endGrant(tx, row.grant_hash)
          // A browser that is remembered would be let in again without a word.
          else await states.forgetBrowsersOf(tx, accountId)
          await audit.record(tx, {
            actor: actorOf(principal),
            action: 'sessions.revoke',
            orgId: null,
            subjectId: row.id,
            details: { kind: row.kind, device: row.device },
            ...originOf(context),
          })
        }
        return toSession(row, principal)
      }),
    revokeAll: ({ principal, context }) =>
      db.transaction(async (tx) => {
        const { accountId } = principal
        const revoked = await endSessionsOf(tx, accountId, effects.now())
        await states.endStatesOf(tx, accountId)
        await audit.record(tx, {
          actor: actorOf(principal),
          action: 'sessions.revokeAll',
          orgId: null,
          subjectId: accountId,
          details: { revoked },
          ...originOf(context),
        })
        return { revoked }
      }),
  }
}

function toSession(row: SessionsTable, { sessionId }: SessionPrincipal): Session {
  return {
    id: row.id,
    kind: row.kind,
    device: row.device,
    signedInWith: row.signed_in_with,
    address: row.address,
    createdAt: toTime(row.created_at),
    lastUsedAt: toTime(row.last_used_at),
    idleExpiresAt: toTime(row.idle_expires_at),
    expiresAt: toTime(row.expires_at),
    current: row.id === sessionId,
  }
}
