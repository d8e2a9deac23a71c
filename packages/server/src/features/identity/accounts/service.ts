import { Fault } from '@norrix/contract/fault'
import { isConflict, type Database, type Db } from '../../../kernel/db/database.ts'
import type { Effects } from '../../../kernel/effects.ts'
import type { Tables } from '../../../schema/index.ts'
import type { AccountsTable } from '../../../schema/tables/accounts.ts'
import type { Audit } from '../../audit/index.ts'
import type { Orgs } from '../../orgs/index.ts'
import type { SignUp } from '../config.ts'
import {
  embeddedIssuer,
  externalRow,
  localRow,
  localSubject,
  toAccount,
  type Account,
  type Identified,
  type NewLocalAccount,
} from './account.ts'
import type { Passwords } from './password.ts'
import { findAccount, findIdentity, insertAccount, updateProfile } from './store.ts'
import { passwordBuckets, type Throttle } from './throttle.ts'

/** Where a request came from, for the audit. */
export interface Origin {
  readonly address: string
  readonly requestId: string
}

export type PasswordVerdict =
  | { readonly kind: 'right'; readonly account: Account }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'wait'; readonly seconds: number }

export interface Accounts {
  /** Undefined when there is no such account, or it is disabled. */
  find(id: string): Promise<Account | undefined>
  /** Checks a password of a local account. @throws Fault no_account when the account is disabled */
  checkPassword(attempt: {
    readonly email: string
    readonly password: string
    readonly address: string
  }): Promise<PasswordVerdict>
  /**
   * The account of an identity; made now where the sign-up rule says so (ruling 14).
   *
   * @throws Fault no_account when the identity has none and gets none, or it is disabled; then nothing was written
   */
  admit(identified: Identified, origin: Origin): Promise<Account>
  /** Everything of a local account but its row: hashing takes long and has no place in a transaction. */
  prepareLocal(account: NewLocalAccount): Promise<AccountsTable>
  prepareExternal(identified: Identified): AccountsTable
  /** @throws Fault conflict when the identity has an account */
  insert(tx: Db<Tables>, account: AccountsTable, origin: Origin): Promise<Account>
  /** A local account by a person's own hand, with a personal organization. @throws Fault conflict, no_account */
  signUp(account: NewLocalAccount, origin: Origin): Promise<Account>
}

export interface AccountsDeps {
  readonly db: Database<Tables>
  readonly effects: Effects
  readonly audit: Audit
  readonly orgs: Pick<Orgs, 'createWithOwner'>
  readonly signUp: SignUp
  readonly passwords: Passwords
  readonly throttle: Throttle
}

export function createAccounts(deps: AccountsDeps): Accounts {
  const prepareExternal = (identified: Identified) => externalRow(deps, identified)
  const prepareLocal = (account: NewLocalAccount) => localRow(deps, account)
  return {
    prepareLocal,
    prepareExternal,
    insert: (tx, row, origin) => insert(deps, tx, row, origin),
    async find(id) {
      const row = await findAccount(deps.db.kysely, id)
      return row && row.disabled_at === null ? toAccount(row) : undefined
    },
    checkPassword: (attempt) => checkPassword(deps, attempt),
    async admit(identified, origin) {
      const row = await findIdentity(deps.db.kysely, identified)
      if (row) return welcomeBack(deps, row, identified)
      return admitNew(deps, identified, origin).catch(async (error: unknown) => {
        // In another window of theirs, at the same moment.
        const made = isTaken(error) && (await findIdentity(deps.db.kysely, identified))
        if (!made) throw error
        return welcomeBack(deps, made, identified)
      })
    },
    async signUp(account, origin) {
      // Checked here too: that no page offers it is no rule.
      if (deps.signUp.kind !== 'open') throw noAccount(account.email)
      return insertWithOrg(deps, await prepareLocal(account), origin)
    },
  }
}

async function admitNew(
  deps: AccountsDeps,
  identified: Identified,
  origin: Origin,
): Promise<Account> {
  const { db, signUp } = deps
  const fresh = externalRow(deps, identified)
  if (signUp.kind === 'open') return insertWithOrg(deps, fresh, origin)
  if (signUp.kind === 'domain' && isOfDomain(identified, signUp.domains)) {
    return db.transaction((tx) => insert(deps, tx, fresh, origin))
  }
  throw noAccount(identified.email)
}

async function insert(
  { audit }: AccountsDeps,
  tx: Db<Tables>,
  row: AccountsTable,
  origin: Origin,
): Promise<Account> {
  await insertAccount(tx, row).catch((cause: unknown) => {
    throw isConflict(cause) ? taken(cause) : cause
  })
  await audit.record(tx, {
    actor: { kind: 'session', id: row.id, name: row.email },
    action: 'accounts.create',
    orgId: null,
    subjectId: row.id,
    details: { issuer: row.issuer },
    ...origin,
  })
  return toAccount(row)
}

function insertWithOrg(deps: AccountsDeps, row: AccountsTable, origin: Origin): Promise<Account> {
  return deps.db.transaction(async (tx) => {
    const account = await insert(deps, tx, row, origin)
    const name = personalOrgName(account)
    const org = await deps.orgs.createWithOwner(tx, { name, accountId: account.id })
    await deps.audit.record(tx, {
      actor: { kind: 'session', id: account.id, name: account.email },
      action: 'orgs.create',
      orgId: org.id,
      subjectId: org.id,
      details: { name, personal: true },
      ...origin,
    })
    return account
  })
}

async function checkPassword(
  { db, passwords, throttle }: AccountsDeps,
  { email, password, address }: { email: string; password: string; address: string },
): Promise<PasswordVerdict> {
  const subject = localSubject(email)
  const buckets = passwordBuckets({ account: subject, address })
  const seconds = throttle.waitSeconds(buckets)
  if (seconds > 0) return { kind: 'wait', seconds }
  // Counted before the slow part, or a hundred at once would all find the bucket empty.
  throttle.fail(buckets)
  const row = await findIdentity(db.kysely, { issuer: embeddedIssuer, subject })
  const matches = await passwords.matches(password, row?.password_hash ?? undefined)
  if (!row || !matches) return { kind: 'wrong' }
  throttle.forget(buckets[0])
  if (row.disabled_at !== null) throw disabled()
  return { kind: 'right', account: toAccount(row) }
}

/** Takes over what the upstream says of the person today. */
async function welcomeBack(
  deps: AccountsDeps,
  row: AccountsTable,
  identified: Identified,
): Promise<Account> {
  if (row.disabled_at !== null) throw disabled()
  const { email, email_verified, name } = externalRow(deps, identified)
  const profile = { email, email_verified, name: name ?? row.name }
  await updateProfile(deps.db.kysely, row.id, profile)
  return toAccount({ ...row, ...profile })
}

/** Only a verified address proves a domain, and only the whole domain counts: `a@x.example.com` is not of `example.com`. */
function isOfDomain({ email, emailVerified }: Identified, domains: readonly string[]): boolean {
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase()
  return emailVerified && email.includes('@') && domains.includes(domain)
}

function personalOrgName({ name, email }: Account): string {
  return (name ?? email.split('@')[0] ?? '').trim().slice(0, 64) || 'Personal'
}

function noAccount(email: string): Fault {
  return new Fault('no_account', {
    message: `${email} has no account on this server.`,
    fix: 'ask an admin of your organization for an invitation',
  })
}

function disabled(): Fault {
  return new Fault('no_account', {
    message: 'This account is disabled.',
    fix: 'ask an admin of your organization',
  })
}

function isTaken(error: unknown): boolean {
  return error instanceof Fault && error.code === 'conflict'
}

function taken(cause: unknown): Fault {
  return new Fault('conflict', {
    message: 'There is an account for this e-mail address already.',
    fix: 'sign in with it',
    cause,
  })
}
