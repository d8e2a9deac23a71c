import type { Role } from '@norrix/contract/access.policy'
import type { Cursor } from '@norrix/contract/page'
import type { Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'

type Own = Db<Pick<Tables, 'orgs' | 'members'>>

export interface OrgRow {
  readonly id: string
  readonly name: string
  readonly created_at: number
  readonly role: Role | null
}

export async function insertOrg(
  db: Own,
  org: { id: string; name: string; created_at: number },
  ownerId: string,
): Promise<void> {
  await db.insertInto('orgs').values(org).execute()
  await db
    .insertInto('members')
    .values({ org_id: org.id, account_id: ownerId, role: 'owner', created_at: org.created_at })
    .execute()
}

/** An account's organizations, newest membership first; one more than `limit` when there are more. */
export async function listOrgsOf(
  db: Own,
  accountId: string,
  page: { limit: number; after: Cursor | undefined },
): Promise<OrgRow[]> {
  const { after } = page
  let query = db
    .selectFrom('members')
    .innerJoin('orgs', 'orgs.id', 'members.org_id')
    .select(['orgs.id', 'orgs.name', 'orgs.created_at', 'members.role'])
    .where('members.account_id', '=', accountId)
  if (after) {
    query = query.where((e) =>
      e.or([
        e('orgs.created_at', '>', after.at),
        e.and([e('orgs.created_at', '=', after.at), e('orgs.id', '>', after.id)]),
      ]),
    )
  }
  return query
    .orderBy('orgs.created_at')
    .orderBy('orgs.id')
    .limit(page.limit + 1)
    .execute()
}

/** One organization; `role` is the account's, null when no account was asked about or it is no member. */
export async function findOrg(
  db: Own,
  orgId: string,
  accountId: string | null,
): Promise<OrgRow | undefined> {
  return db
    .selectFrom('orgs')
    .leftJoin('members', (join) =>
      join.onRef('members.org_id', '=', 'orgs.id').on('members.account_id', '=', accountId ?? ''),
    )
    .select(['orgs.id', 'orgs.name', 'orgs.created_at', 'members.role'])
    .where('orgs.id', '=', orgId)
    .executeTakeFirst()
}
