import type { Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import type { RunnersTable } from '../../schema/tables/runners.ts'

type Own = Db<Pick<Tables, 'runners'>>

export async function insertRunner(db: Own, runner: RunnersTable): Promise<void> {
  await db.insertInto('runners').values(runner).execute()
}

export async function updateRunner(
  db: Own,
  id: string,
  change: Partial<Omit<RunnersTable, 'id' | 'org_id'>>,
): Promise<void> {
  await db.updateTable('runners').set(change).where('id', '=', id).execute()
}

/** Marks an organization's runner removed; false when it has none of this id that is left. */
export async function removeRunner(
  db: Own,
  { id, orgId, now }: { id: string; orgId: string; now: number },
): Promise<boolean> {
  const result = await db
    .updateTable('runners')
    .set({ removed_at: now })
    .where('id', '=', id)
    .where('org_id', '=', orgId)
    .where('removed_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** A runner that is left, and stays so until the transaction ends. */
export function holdRunner(db: Own, id: string): Promise<RunnersTable | undefined> {
  return db
    .selectFrom('runners')
    .selectAll()
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .forShare()
    .executeTakeFirst()
}

/** The runner beside one server; it belongs to no organization. */
export function findServerRunner(db: Own, serverId: string): Promise<RunnersTable | undefined> {
  return db
    .selectFrom('runners')
    .selectAll()
    .where('server_id', '=', serverId)
    .forUpdate()
    .executeTakeFirst()
}

/** What could take an organization's builds: its own runners, and the server's. */
export function listServing(db: Own, orgId: string): Promise<RunnersTable[]> {
  return db
    .selectFrom('runners')
    .selectAll()
    .where((e) => e.or([e('org_id', '=', orgId), e('org_id', 'is', null)]))
    .where('removed_at', 'is', null)
    .execute()
}

/** Of the runners beside servers, the one that was seen last. */
export function newestServerRunner(db: Own): Promise<RunnersTable | undefined> {
  return db
    .selectFrom('runners')
    .selectAll()
    .where('server_id', 'is not', null)
    .where('removed_at', 'is', null)
    .orderBy('last_seen_at', 'desc')
    .executeTakeFirst()
}
