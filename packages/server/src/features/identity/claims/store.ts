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

/** Replaces every link that was not used. */
export async function replaceClaim(db: Own, claim: ClaimsTable): Promise<void> {
  await db.deleteFrom('claims').where('used_at', 'is', null).execute()
  await db.insertInto('claims').values(claim).execute()
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
