import { newId } from '@norrix/contract/id'
import type { Effects } from '../../../kernel/effects.ts'
import type { AccountsTable } from '../../../schema/tables/accounts.ts'
import type { Passwords } from './password.ts'

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

export interface NewLocalAccount {
  readonly email: string
  readonly name: string | null
  readonly password: string
}

/** The issuer of accounts whose password is kept here. Not a URL, so no upstream can ever claim to be it. */
export const embeddedIssuer = 'embedded'

interface RowDeps {
  readonly effects: Effects
  readonly passwords: Passwords
}

/** Everything of a new local account. Hashing takes long: not in a transaction. */
export async function localRow(
  deps: RowDeps,
  { email, name, password }: NewLocalAccount,
): Promise<AccountsTable> {
  return {
    ...blankRow(deps),
    issuer: embeddedIssuer,
    subject: localSubject(email),
    email,
    email_verified: 0,
    name,
    password_hash: await deps.passwords.hash(password),
  }
}

export function externalRow(deps: RowDeps, identified: Identified): AccountsTable {
  return {
    ...blankRow(deps),
    issuer: identified.issuer,
    subject: identified.subject,
    email: identified.email,
    email_verified: identified.emailVerified ? 1 : 0,
    name: identified.name,
    password_hash: null,
  }
}

function blankRow({ effects }: RowDeps): Pick<AccountsTable, 'id' | 'created_at' | 'disabled_at'> {
  return {
    id: newId('account', effects.random),
    created_at: effects.now(),
    disabled_at: null,
  }
}

/** What a local account is known by: its address, in lower case. Unique, so one address has one local account. */
export function localSubject(email: string): string {
  return email.trim().normalize('NFC').toLowerCase()
}

export function toAccount(row: AccountsTable): Account {
  const { id, issuer, email, name } = row
  return { id, issuer, email, emailVerified: row.email_verified === 1, name }
}
