import type { Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import type { AccountsTable } from '../../schema/tables/accounts.ts'

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

/** Every account, oldest first, with how many of its sessions live and when one was last used. */
export function accountsWithUse(
  db: Pick<Db<Pick<Tables, 'sessions' | 'accounts'>>, 'selectFrom'>,
  now: number,
): Promise<
  (AccountsTable & { sessions: number | string | bigint; last_used_at: number | null })[]
> {
  return db
    .selectFrom('accounts')
    .selectAll('accounts')
    .select((e) => [
      e
        .selectFrom('sessions')
        .select((count) => count.fn.countAll().as('count'))
        .whereRef('sessions.account_id', '=', 'accounts.id')
        .where('sessions.ended_at', 'is', null)
        .where('sessions.expires_at', '>', now)
        .where('sessions.idle_expires_at', '>', now)
        .$asScalar()
        .$notNull()
        .as('sessions'),
      e
        .selectFrom('sessions')
        .select((max) => max.fn.max('last_used_at').as('at'))
        .whereRef('sessions.account_id', '=', 'accounts.id')
        .$asScalar()
        .as('last_used_at'),
    ])
    .orderBy('accounts.created_at')
    .orderBy('accounts.id')
    .execute()
}
