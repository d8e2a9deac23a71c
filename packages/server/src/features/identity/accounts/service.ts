import { Fault } from '@norrix/contract/fault'
import { newId } from '@norrix/contract/id'
import { isConflict, type Database, type Db } from '../../../kernel/db/database.ts'
import type { Effects } from '../../../kernel/effects.ts'
import type { Tables } from '../../../schema/index.ts'
import type { AccountsTable } from '../../../schema/tables/accounts.ts'
import type { Audit } from '../../audit/index.ts'
import type { Orgs } from '../../orgs/index.ts'
import type { SignUp } from '../config.ts'
import type { Passwords } from './password.ts'
import { findAccount, findIdentity, insertAccount, updateProfile } from './store.ts'
import type { Throttle } from './throttle.ts'

/** A person, as far as signing in is concerned. */
export interface Account {
  readonly id: string
  readonly issuer: string
  readonly email: string
  readonly emailVerified: boolean
  readonly name: string | null
}

/** What an upstream vouches for. `issuer` and `subject` together are the person (T31). */
export interface Identified {
  readonly issuer: string
  readonly subject: string
  readonly email: string
  readonly emailVerified: boolean
  readonly name: string | null
}

/** Where a request came from, for the audit. */
export interface Origin {
  readonly address: string
  readonly requestId: string
}

export interface NewLocalAccount {
  readonly email: string
  readonly name: string | null
  readonly password: string
}

export type PasswordVerdict =
  | { readonly kind: 'right'; readonly account: Account }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'wait'; readonly seconds: number }

/** The issuer of accounts whose password is kept here. Not a URL, so no upstream can ever claim to be it. */
export const embeddedIssuer = 'embedded'

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

export function createAccounts(deps: {
  db: Database<Tables>
  effects: Effects
  audit: Audit
  orgs: Pick<Orgs, 'createWithOwner'>
  signUp: SignUp
  passwords: Passwords
  throttle: Throttle
}): Accounts {
  const { db, effects, audit, orgs, passwords, throttle } = deps

  const insert: Accounts['insert'] = async (tx, row, origin) => {
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
  const insertWithOrg = (row: AccountsTable, origin: Origin): Promise<Account> =>
    db.transaction(async (tx) => {
      const account = await insert(tx, row, origin)
      const name = personalOrgName(account)
      const org = await orgs.createWithOwner(tx, { name, accountId: account.id })
      await audit.record(tx, {
        actor: { kind: 'session', id: account.id, name: account.email },
        action: 'orgs.create',
        orgId: org.id,
        subjectId: org.id,
        details: { name, personal: true },
        ...origin,
      })
      return account
    })
  const blank = (): Pick<AccountsTable, 'id' | 'created_at' | 'disabled_at'> => ({
    id: newId('account', effects.random),
    created_at: effects.now(),
    disabled_at: null,
  })

  const prepareLocal: Accounts['prepareLocal'] = async ({ email, name, password }) => ({
    ...blank(),
    issuer: embeddedIssuer,
    subject: localSubject(email),
    email,
    email_verified: 0,
    name,
    password_hash: await passwords.hash(password),
  })
  const prepareExternal: Accounts['prepareExternal'] = (identified) => ({
    ...blank(),
    issuer: identified.issuer,
    subject: identified.subject,
    email: identified.email,
    email_verified: identified.emailVerified ? 1 : 0,
    name: identified.name,
    password_hash: null,
  })

  return {
    insert,
    prepareLocal,
    prepareExternal,
    async find(id) {
      const row = await findAccount(db.kysely, id)
      return row && row.disabled_at === null ? toAccount(row) : undefined
    },
    async checkPassword({ email, password, address }) {
      const subject = localSubject(email)
      const attempt = { account: subject, address }
      const seconds = throttle.waitSeconds(attempt)
      if (seconds > 0) return { kind: 'wait', seconds }
      // Counted before the slow part, or a hundred at once would all find the bucket empty.
      throttle.fail(attempt)
      const row = await findIdentity(db.kysely, { issuer: embeddedIssuer, subject })
      const matches = await passwords.matches(password, row?.password_hash ?? undefined)
      if (!row || !matches) return { kind: 'wrong' }
      throttle.succeed(attempt)
      if (row.disabled_at !== null) throw disabled()
      return { kind: 'right', account: toAccount(row) }
    },
    async admit(identified, origin) {
      const row = await findIdentity(db.kysely, identified)
      if (row) {
        if (row.disabled_at !== null) throw disabled()
        const fresh = prepareExternal(identified)
        const { email, email_verified, name } = fresh
        await updateProfile(db.kysely, row.id, { email, email_verified, name: name ?? row.name })
        return toAccount({ ...row, email, email_verified, name: name ?? row.name })
      }
      const fresh = prepareExternal(identified)
      if (deps.signUp.kind === 'open') return insertWithOrg(fresh, origin)
      if (deps.signUp.kind === 'domain' && isOfDomain(identified, deps.signUp.domains)) {
        return db.transaction((tx) => insert(tx, fresh, origin))
      }
      throw noAccount(identified.email)
    },
    async signUp(account, origin) {
      // Checked here too: that no page offers it is no rule.
      if (deps.signUp.kind !== 'open') throw noAccount(account.email)
      return insertWithOrg(await prepareLocal(account), origin)
    },
  }
}

/** What a local account is known by: its address, in lower case. Unique, so one address has one local account. */
function localSubject(email: string): string {
  return email.trim().normalize('NFC').toLowerCase()
}

/** Only a verified address proves a domain, and only the whole domain counts: `a@x.example.com` is not of `example.com`. */
function isOfDomain({ email, emailVerified }: Identified, domains: readonly string[]): boolean {
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase()
  return emailVerified && email.includes('@') && domains.includes(domain)
}

function personalOrgName({ name, email }: Account): string {
  return (name ?? email.split('@')[0] ?? '').trim().slice(0, 64) || 'Personal'
}

function toAccount(row: AccountsTable): Account {
  const { id, issuer, email, name } = row
  return { id, issuer, email, emailVerified: row.email_verified === 1, name }
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

function taken(cause: unknown): Fault {
  return new Fault('conflict', {
    message: 'There is an account for this e-mail address already.',
    fix: 'sign in with it',
    cause,
  })
}
