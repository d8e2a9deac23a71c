import type { Cursor } from '@norrix/contract/page'
import type { Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import type { ApiKeysTable } from '../../schema/tables/api-keys.ts'

type Own = Db<Pick<Tables, 'api_keys'>>

export async function insertKey(db: Own, key: ApiKeysTable): Promise<void> {
  await db.insertInto('api_keys').values(key).execute()
}

export async function findKey(
  db: Own,
  where: { orgId: string; keyId: string },
): Promise<ApiKeysTable | undefined> {
  return db
    .selectFrom('api_keys')
    .selectAll()
    .where('org_id', '=', where.orgId)
    .where('id', '=', where.keyId)
    .executeTakeFirst()
}

/** Newest first; one more than `limit` when there are more. `active`: neither revoked nor expired at `now`. */
export async function listKeys(
  db: Own,
  where: { orgId: string; active: boolean; now: number },
  page: { limit: number; after: Cursor | undefined },
): Promise<ApiKeysTable[]> {
  const { orgId, active, now } = where
  const { after } = page
  let query = db.selectFrom('api_keys').selectAll().where('org_id', '=', orgId)
  query = active
    ? query
        .where('revoked_at', 'is', null)
        .where((e) => e.or([e('expires_at', 'is', null), e('expires_at', '>', now)]))
    : query.where((e) => e.or([e('revoked_at', 'is not', null), e('expires_at', '<=', now)]))
  if (after) {
    query = query.where((e) =>
      e.or([
        e('created_at', '<', after.at),
        e.and([e('created_at', '=', after.at), e('id', '<', after.id)]),
      ]),
    )
  }
  return query
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute()
}

/** Revokes a key once. False when it was revoked before: the first moment stays. */
export async function revokeKey(
  db: Own,
  where: { orgId: string; keyId: string },
  now: number,
): Promise<boolean> {
  const result = await db
    .updateTable('api_keys')
    .set({ revoked_at: now })
    .where('org_id', '=', where.orgId)
    .where('id', '=', where.keyId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Notes a use, unless another server has noted a later one. */
export async function noteUse(
  db: Own,
  keyId: string,
  use: { at: number; address: string; agent: string },
): Promise<void> {
  await db
    .updateTable('api_keys')
    .set({ last_used_at: use.at, last_used_address: use.address, last_used_agent: use.agent })
    .where('id', '=', keyId)
    .where((e) => e.or([e('last_used_at', 'is', null), e('last_used_at', '<', use.at)]))
    .execute()
}
