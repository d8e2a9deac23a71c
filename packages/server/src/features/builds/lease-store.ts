import type { Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import type { LeasesTable } from '../../schema/tables/runners.ts'

type Own = Db<Pick<Tables, 'leases'>>

export async function insertLease(db: Own, lease: LeasesTable): Promise<void> {
  await db.insertInto('leases').values(lease).execute()
}

/** Holds a living lease until the transaction ends. False when it is over. The caller holds its job. */
export function holdLease(db: Own, id: string, now: number): Promise<boolean> {
  return changeLiving(db, id, now, {})
}

export function renewLease(db: Own, id: string, now: number, expiresAt: number): Promise<boolean> {
  return changeLiving(db, id, now, { expires_at: expiresAt })
}

/** Ends a lease by its holder's own word: `ended_at` is before `expires_at`, and in no other case. */
export function finishLease(db: Own, id: string, now: number): Promise<boolean> {
  return changeLiving(db, id, now, { ended_at: now })
}

/** Ends a lease that ran out or whose runner is gone: never before it would have run out. False when it had ended. */
export async function loseLease(
  db: Own,
  lease: { readonly id: string; readonly expiresAt: number },
  now: number,
): Promise<boolean> {
  const result = await db
    .updateTable('leases')
    .set({ ended_at: Math.max(now, lease.expiresAt) })
    .where('id', '=', lease.id)
    .where('ended_at', 'is', null)
    // Renewed since the caller looked: not lost.
    .where('expires_at', '=', lease.expiresAt)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

async function changeLiving(
  db: Own,
  id: string,
  now: number,
  change: { ended_at?: number; expires_at?: number },
): Promise<boolean> {
  const result = await db
    .updateTable('leases')
    .set({ id, ...change })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    // Clocks differ between servers and go back: a lease that has a successor is over, whatever the time.
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom('leases as newer')
            .select('newer.id')
            .whereRef('newer.build_id', '=', 'leases.build_id')
            .whereRef('newer.number', '>', 'leases.number'),
        ),
      ),
    )
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}
