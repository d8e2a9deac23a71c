import { Fault } from '@norrix/contract/fault'
import type { Database, Db } from '../../kernel/db/database.ts'
import type { Effects } from '../../kernel/effects.ts'
import type { Tables } from '../../schema/index.ts'
import type { AccountsTable } from '../../schema/tables/accounts.ts'
import type { Actor, Audit } from '../audit/index.ts'
import { endSessionsOf } from '../sessions/index.ts'
import { embeddedIssuer } from './accounts/account.ts'
import { createPasswords } from './accounts/password.ts'
import { findAccounts, updateAccount } from './accounts/store.ts'
import { newOwnerLink, type OwnerLink } from './claims/service.ts'
import { removeStatesOf } from './states.ts'
import { accountsWithUse } from './views.ts'
import { weaknessOf } from './web/fields.ts'

/** Who somebody is, in the words of an operator. */
export interface User {
  readonly id: string
  readonly email: string
  readonly name: string | null
  /** `embedded`: the password is kept here. */
  readonly issuer: string
}

export interface ListedUser extends User {
  readonly createdAt: Date
  readonly disabledAt: Date | null
  /** Those that have not ended. */
  readonly sessions: number
  readonly lastUsedAt: Date | null
}

/**
 * What an operator does from the host's shell, a server serving beside or not. Each act is one transaction with its audit row, so
 * that a server's next look at the database sees all of it.
 */
export interface IdentityOperator {
  /** Undefined once the server has an owner. */
  newOwnerLink(): Promise<OwnerLink | undefined>
  /** Oldest first. */
  listUsers(): Promise<readonly ListedUser[]>
  /**
   * Ends every session of the account; it cannot sign in again.
   *
   * @param who an id, or an address that one account alone has
   * @throws Fault not_found, conflict when several accounts have the address
   */
  disable(who: string): Promise<{ user: User; ended: number }>
  enable(who: string): Promise<{ user: User }>
  /** An account whose password is kept here. @throws Fault not_found, conflict */
  findLocal(who: string): Promise<User>
  /** @throws Fault usage when the password is too weak */
  resetPassword(user: User, password: string): Promise<{ ended: number }>
}

interface OperatorDeps {
  readonly db: Database<Tables>
  readonly effects: Effects
  readonly audit: Audit
  readonly publicUrl: string
  readonly by: {
    readonly actor: Actor
    readonly origin: { readonly address: string; readonly requestId: string }
  }
}

export function identityOperator(deps: OperatorDeps): IdentityOperator {
  const { db, effects } = deps
  return {
    newOwnerLink: () => newOwnerLink(deps),
    async listUsers() {
      const rows = await accountsWithUse(db.kysely, effects.now())
      return rows.map((row) => ({
        ...toUser(row),
        createdAt: new Date(row.created_at),
        disabledAt: row.disabled_at === null ? null : new Date(row.disabled_at),
        sessions: Number(row.sessions),
        lastUsedAt: row.last_used_at === null ? null : new Date(Number(row.last_used_at)),
      }))
    },
    disable: (who) =>
      db.transaction(async (tx) => {
        const row = await findOne(tx, who)
        await updateAccount(tx, row.id, { disabled_at: row.disabled_at ?? effects.now() })
        return { user: toUser(row), ended: await endAll(deps, tx, row.id, 'accounts.disable') }
      }),
    enable: (who) =>
      db.transaction(async (tx) => {
        const row = await findOne(tx, who)
        await updateAccount(tx, row.id, { disabled_at: null })
        await record(deps, tx, { action: 'accounts.enable', subjectId: row.id })
        return { user: toUser(row) }
      }),
    findLocal: async (who) => toUser(local(await findOne(db.kysely, who))),
    async resetPassword({ id, email }, password) {
      const weakness = weaknessOf(password, email)
      if (weakness !== undefined) throw weak(weakness)
      // Hashing takes long and has no place in a transaction.
      const hash = await createPasswords(effects.random).hash(password)
      return db.transaction(async (tx) => {
        await updateAccount(tx, id, { password_hash: hash })
        return { ended: await endAll(deps, tx, id, 'accounts.reset_password') }
      })
    },
  }
}

/** Sessions, tokens, what browsers remember, sign-ins on their way: nothing of the account is left to go on with. */
async function endAll(
  deps: OperatorDeps,
  tx: Db<Tables>,
  id: string,
  action: string,
): Promise<number> {
  const ended = await endSessionsOf(tx, id, deps.effects.now())
  await removeStatesOf(tx, id)
  await record(deps, tx, { action, subjectId: id, details: { sessionsEnded: ended } })
  return ended
}

function record(
  { audit, by }: OperatorDeps,
  tx: Db<Tables>,
  event: { action: string; subjectId: string; details?: Readonly<Record<string, unknown>> },
): Promise<void> {
  return audit.record(tx, { actor: by.actor, orgId: null, ...event, ...by.origin })
}

async function findOne(db: Db<Tables>, who: string): Promise<AccountsTable> {
  const [found, ...others] = await findAccounts(db, who)
  if (!found) {
    throw new Fault('not_found', {
      message: `There is no account ${who.slice(0, 100)} here.`,
      fix: 'norrix-server users list shows who there is',
    })
  }
  if (others.length === 0) return found
  const ids = [found, ...others].map(({ id, issuer }) => `${id} (${issuer})`).join(', ')
  throw new Fault('conflict', {
    message: `Several accounts have the address ${who}: ${ids}.`,
    fix: 'name one of them by its id',
  })
}

function local(row: AccountsTable): AccountsTable {
  if (row.issuer === embeddedIssuer) return row
  throw new Fault('conflict', {
    message: `The password of ${row.email} is not kept here: ${row.issuer} vouches for them.`,
    fix: 'give them a new password there',
  })
}

function weak(weakness: string): Fault {
  return new Fault('usage', {
    message: `That password will not do. ${weakness}`,
    fix: 'type it on a terminal, or give it as the first line of stdin',
  })
}

function toUser({ id, email, name, issuer }: AccountsTable): User {
  return { id, email, name, issuer }
}
