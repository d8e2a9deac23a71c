import type { Db } from '../../../kernel/db/database.ts'
import type { Tables } from '../../../schema/index.ts'
import type { ClaimsTable } from '../../../schema/tables/accounts.ts'

type Own = Db<Pick<Tables, 'claims'>>

export async function isClaimed(db: Own): Promise<boolean> {
  const row = await db
    .selectFrom('claims')
    .select('id')
    .where('used_at', 'is not', null)
    .executeTakeFirst()
  return row !== undefined
}

/**
 * Puts a link in the place of the one before; false when somebody has taken the server. One statement on the one row that there
 * can be, so that of two servers one has the link that works, and nobody gets one beside a claim that is being made.
 */
export async function replaceClaim(
  db: Own,
  claim: Pick<ClaimsTable, 'id' | 'token_hash' | 'created_at' | 'expires_at'>,
): Promise<boolean> {
  const row = await db
    .insertInto('claims')
    .values({ ...claim, seat: 1, used_at: null })
    .onConflict((taken) =>
      taken.column('seat').doUpdateSet(claim).where('claims.used_at', 'is', null),
    )
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

export async function findOpenClaim(
  db: Own,
  tokenHash: string,
  now: number,
): Promise<{ id: string } | undefined> {
  return db
    .selectFrom('claims')
    .select('id')
    .where('token_hash', '=', tokenHash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
}

/** Takes the server with a link, once ever; false when somebody was first, or the link is too old (T90). */
export async function useClaim(db: Own, id: string, now: number): Promise<boolean> {
  const result = await db
    .updateTable('claims')
    .set({ used_at: now })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}
