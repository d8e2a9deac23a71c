import { sql } from 'kysely'
import type { Cursor } from '@norrix/contract/page'
import type { Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import type { ApiKeysTable } from '../../schema/tables/api-keys.ts'
import type { KeyUse } from './uses.ts'

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

/** As many as SQLite takes the parameters of with room to spare (32,766), and few enough for a short lock. */
const usesAtOnce = 500

/**
 * Notes when keys were last used, unless another server has noted a later use: one statement for many keys, since one for each
 * cost more than the rest of a request under many keys (docs/benchmarks.md).
 */
export async function noteUses(
  db: Own,
  uses: readonly (KeyUse & { keyId: string })[],
): Promise<void> {
  for (let from = 0; from < uses.length; from += usesAtOnce) {
    const rows = uses
      .slice(from, from + usesAtOnce)
      .map((use) => sql`(${use.keyId}, cast(${use.at} as bigint), ${use.address}, ${use.agent})`)
    await db
      .updateTable('api_keys')
      .from(sql<Values>`(values ${sql.join(rows)})`.as('uses'))
      .set((e) => ({
        last_used_at: e.ref('uses.column2'),
        last_used_address: e.ref('uses.column3'),
        last_used_agent: e.ref('uses.column4'),
      }))
      .whereRef('api_keys.id', '=', 'uses.column1')
      .where((e) =>
        e.or([
          e('api_keys.last_used_at', 'is', null),
          e('api_keys.last_used_at', '<', e.ref('uses.column2')),
        ]),
      )
      .execute()
  }
}

/** The names that both engines give to the columns of a list of values. */
interface Values {
  readonly column1: string
  readonly column2: number
  readonly column3: string
  readonly column4: string
}
