import type { Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'

/** The command line session behind a grant, and whose it is. */
export async function findSessionOfGrant(
  db: Pick<Db<Pick<Tables, 'sessions' | 'accounts'>>, 'selectFrom'>,
  grantHash: string,
): Promise<{ id: string; account_id: string; email: string } | undefined> {
  return db
    .selectFrom('sessions')
    .innerJoin('accounts', 'accounts.id', 'sessions.account_id')
    .select(['sessions.id', 'sessions.account_id', 'accounts.email'])
    .where('sessions.grant_hash', '=', grantHash)
    .executeTakeFirst()
}
