import type { Cursor } from '@norrix/contract/page'
import type { Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import type { SessionsTable } from '../../schema/tables/sessions.ts'

type Own = Db<Pick<Tables, 'sessions'>>
type Proofs = Db<Pick<Tables, 'used_proofs'>>

export async function insertSession(db: Own, session: SessionsTable): Promise<void> {
  await db.insertInto('sessions').values(session).execute()
}

/** What a session can be found by. */
export type SessionKey = readonly [column: 'id' | 'cookie_hash' | 'grant_hash', value: string]

/** Ends a session once; undefined when there was none to end. */
export async function endSession(
  db: Own,
  [column, value]: SessionKey,
  now: number,
): Promise<Pick<SessionsTable, 'id' | 'grant_hash'> | undefined> {
  return db
    .updateTable('sessions')
    .set({ ended_at: now })
    .where('ended_at', 'is', null)
    .where(column, '=', value)
    .returning(['id', 'grant_hash'])
    .executeTakeFirst()
}

/** Ends every session of an account that has not ended: says how many of them had not run out. */
export async function endSessionsOf(db: Own, accountId: string, now: number): Promise<number> {
  const ended = await db
    .updateTable('sessions')
    .set({ ended_at: now })
    .where('account_id', '=', accountId)
    .where('ended_at', 'is', null)
    .returning(['expires_at', 'idle_expires_at'])
    .execute()
  return ended.filter((row) => row.expires_at > now && row.idle_expires_at > now).length
}

/** An account's sessions that have neither ended nor run out, newest first; one more than `limit` when there are more. */
export async function listSessionsOf(
  db: Own,
  { accountId, now }: { accountId: string; now: number },
  { limit, after }: { limit: number; after: Cursor | undefined },
): Promise<SessionsTable[]> {
  let query = db
    .selectFrom('sessions')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .where('idle_expires_at', '>', now)
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
    .limit(limit + 1)
    .execute()
}

/** One session of the account, ended or not. */
export async function findSessionOf(
  db: Own,
  { accountId, id }: { accountId: string; id: string },
): Promise<SessionsTable | undefined> {
  return db
    .selectFrom('sessions')
    .selectAll()
    .where('id', '=', id)
    .where('account_id', '=', accountId)
    .executeTakeFirst()
}

/** Notes a use, and puts off the idle end: never past the absolute one. */
export async function touchSession(
  db: Own,
  id: string,
  { now, idleExpiresAt }: { now: number; idleExpiresAt: number },
): Promise<void> {
  await db
    .updateTable('sessions')
    .set((e) => ({
      last_used_at: now,
      idle_expires_at: e
        .case()
        .when('expires_at', '<', idleExpiresAt)
        .then(e.ref('expires_at'))
        .else(idleExpiresAt)
        .end(),
    }))
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .execute()
}

/** Notes a proof; false when it was noted before. One statement, so that of two at once one is told. */
export async function addUsedProof(
  db: Proofs,
  digest: string,
  expiresAt: number,
): Promise<boolean> {
  const result = await db
    .insertInto('used_proofs')
    .values({ digest, expires_at: expiresAt })
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows ?? 0) > 0
}

/** Removes proofs that are too old to be taken, but for rows that another server's sweep is at. */
export async function sweepUsedProofs(db: Proofs, now: number): Promise<void> {
  await db
    .deleteFrom('used_proofs')
    .where('digest', 'in', (e) =>
      e
        .selectFrom('used_proofs as old')
        .select('old.digest')
        .where('old.expires_at', '<', now)
        .forUpdate()
        .skipLocked(),
    )
    .execute()
}
