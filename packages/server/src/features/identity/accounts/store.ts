import type { Db } from '../../../kernel/db/database.ts'
import type { Tables } from '../../../schema/index.ts'
import type { AccountsTable } from '../../../schema/tables/accounts.ts'

type Own = Db<Pick<Tables, 'accounts'>>

export async function findAccount(db: Own, id: string): Promise<AccountsTable | undefined> {
  return db.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst()
}

/** By who vouches and what the person is called there. There is no look-up by e-mail (T31). */
export async function findIdentity(
  db: Own,
  { issuer, subject }: Pick<AccountsTable, 'issuer' | 'subject'>,
): Promise<AccountsTable | undefined> {
  return db
    .selectFrom('accounts')
    .selectAll()
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst()
}

/** @throws the driver's conflict when the identity has an account */
export async function insertAccount(db: Own, account: AccountsTable): Promise<void> {
  await db.insertInto('accounts').values(account).execute()
}

/** Takes over what the upstream says today. */
export async function updateProfile(
  db: Own,
  id: string,
  profile: Pick<AccountsTable, 'email' | 'email_verified' | 'name'>,
): Promise<void> {
  await db.updateTable('accounts').set(profile).where('id', '=', id).execute()
}

/** By id or by address, in any case of letters: who several upstreams know under one address has several accounts. */
export function findAccounts(db: Own, who: string): Promise<AccountsTable[]> {
  return db
    .selectFrom('accounts')
    .selectAll()
    .where((e) =>
      e.or([e('id', '=', who), e(e.fn<string>('lower', ['email']), '=', who.toLowerCase())]),
    )
    .orderBy('created_at')
    .execute()
}

export async function updateAccount(
  db: Own,
  id: string,
  change: Partial<Pick<AccountsTable, 'disabled_at' | 'password_hash'>>,
): Promise<void> {
  await db.updateTable('accounts').set(change).where('id', '=', id).execute()
}
