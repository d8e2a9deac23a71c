import { Fault } from '@norrix/contract/fault'
import { newId } from '@norrix/contract/id'
import type { Database } from '../../../kernel/db/database.ts'
import type { Effects } from '../../../kernel/effects.ts'
import { hashToken, newToken } from '../../../kernel/secrets.ts'
import type { Tables } from '../../../schema/index.ts'
import type { AccountsTable } from '../../../schema/tables/accounts.ts'
import type { Accounts, Origin } from '../accounts/service.ts'
import type { Audit } from '../../audit/index.ts'
import type { Orgs } from '../../orgs/index.ts'
import type { NewSession, Sessions } from '../../sessions/index.ts'
import { findOpenClaim, isClaimed, replaceClaim, useClaim } from './store.ts'

/** Ruling 14. */
export const claimLifeMs = 15 * 60 * 1000

export interface OwnerLink {
  readonly url: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** How a new server gets its first owner (ruling 14): one link, once, for a quarter of an hour. */
export interface Claims {
  isClaimed(): Promise<boolean>
  /** A fresh link, the only one that works from now on; undefined once the server has an owner. */
  newLink(): Promise<OwnerLink | undefined>
  /** The claim that a link's token opens. @throws Fault claim_closed */
  open(token: string): Promise<{ id: string }>
  /**
   * Makes account, organization, membership and browser session, and uses the link up: all of it or nothing.
   *
   * @throws Fault claim_closed, conflict
   */
  take(claim: {
    readonly id: string
    readonly account: AccountsTable
    readonly orgName: string
    readonly session: Omit<NewSession, 'accountId'>
    readonly origin: Origin
  }): Promise<{ cookie: string; maxAgeSeconds: number }>
}

export function createClaims(deps: {
  db: Database<Tables>
  effects: Effects
  audit: Audit
  orgs: Pick<Orgs, 'createWithOwner'>
  sessions: Pick<Sessions, 'startBrowser'>
  accounts: Pick<Accounts, 'insert'>
  publicUrl: string
}): Claims {
  const { db, effects, audit, orgs, sessions, accounts } = deps
  return {
    isClaimed: () => isClaimed(db.kysely),
    newLink: () => newOwnerLink(deps),
    async open(token) {
      const found = await findOpenClaim(db.kysely, hashToken(token), effects.now())
      if (!found) throw claimClosed(await isClaimed(db.kysely))
      return found
    },
    take: ({ id, account: row, orgName, session, origin }) =>
      db.transaction(async (tx) => {
        if (!(await useClaim(tx, id, effects.now()))) throw claimClosed(await isClaimed(tx))
        const account = await accounts.insert(tx, row, origin)
        const org = await orgs.createWithOwner(tx, { name: orgName, accountId: account.id })
        const started = await sessions.startBrowser(tx, { ...session, accountId: account.id })
        await audit.record(tx, {
          actor: { kind: 'session', id: account.id, name: account.email },
          action: 'service.claim',
          orgId: org.id,
          subjectId: account.id,
          details: { orgName, signedInWith: session.signedInWith, sessionId: started.id },
          ...origin,
        })
        return started
      }),
  }
}

/** See `Claims.newLink`. Also for whoever is no server: an operator's command beside it. */
export async function newOwnerLink({
  db,
  effects,
  publicUrl,
}: {
  db: Database<Tables>
  effects: Effects
  publicUrl: string
}): Promise<OwnerLink | undefined> {
  const token = newToken('nrc_', effects.random)
  const now = effects.now()
  const expiresAt = now + claimLifeMs
  const isReplaced = await replaceClaim(db.kysely, {
    id: newId('claim', effects.random),
    token_hash: hashToken(token),
    created_at: now,
    expires_at: expiresAt,
  })
  return isReplaced ? { url: `${publicUrl}/claim?token=${token}`, expiresAt } : undefined
}

function claimClosed(claimed: boolean): Fault {
  return claimed
    ? new Fault('claim_closed', {
        message: 'This server has an owner already; its claim link works once.',
        fix: 'sign in, or ask the owner for an invitation',
      })
    : new Fault('claim_closed', {
        message: 'This claim link is too old, or a newer one took its place.',
        fix: 'run `norrix-server owner-link` on the host: it prints a new one, good for 15 minutes',
      })
}
