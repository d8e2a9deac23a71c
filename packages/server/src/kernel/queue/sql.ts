import type { ExpressionBuilder } from 'kysely'
import type { Tables } from '../../schema/index.ts'
import type { Bell } from '../bell.ts'
import type { Clock } from '../clock.ts'
import type { Queue, QueueTransaction } from './queue.ts'

type Jobs = Pick<Tables, 'jobs'>

/** What the bell is rung with for new work. */
const topic = 'jobs'

/** The queue as a table of the database. Two claims at once are kept off one row by the row's lock, which SQLite leaves out. */
export function sqlQueue({ now, bell }: { now: Clock; bell: Bell }): Queue {
  return {
    async add(tx, { id, lane, tenant }) {
      const at = now()
      const empty = { lease_number: 0, lease_owner: null, lease_until: null }
      await tx
        .insertInto('jobs')
        .values({ id, lane, tenant, state: 'queued', run_at: at, created_at: at, ...empty })
        .execute()
    },
    async claim(tx, { lanes, tenant, owner, leaseMs }) {
      if (lanes.length === 0) return undefined
      const at = now()
      const next = (e: ExpressionBuilder<Jobs, 'jobs'>) => {
        const free = e
          .selectFrom('jobs')
          .select('id')
          .where('lane', 'in', lanes)
          .where((or) =>
            or.or([or.and([or('state', '=', 'queued'), or('run_at', '<=', at)]), ranOut(or, at)]),
          )
          .orderBy('run_at')
          .orderBy('id')
          .limit(1)
          .forUpdate()
          .skipLocked()
        return tenant === undefined ? free : free.where('tenant', '=', tenant)
      }
      const job = await tx
        .updateTable('jobs')
        .set((e) => ({
          state: 'running',
          lease_number: e('lease_number', '+', 1),
          lease_owner: owner,
          lease_until: at + leaseMs,
        }))
        // `=`, not `in`: a select that PostgreSQL may run more than once would lock more than one row.
        .where((e) => e('id', '=', next(e)))
        .returning(['id', 'lane', 'tenant', 'lease_number'])
        .executeTakeFirst()
      if (!job) return undefined
      const { lease_number: leaseNumber, ...named } = job
      return { ...named, leaseNumber, leaseUntil: at + leaseMs }
    },
    async hold(tx, id) {
      await tx.selectFrom('jobs').select('id').where('id', '=', id).forUpdate().execute()
    },
    renew: async (tx, id, leaseNumber, leaseMs) =>
      changed(
        await held(tx, id, leaseNumber)
          .set({ lease_until: now() + leaseMs })
          .executeTakeFirst(),
      ),
    release: async (tx, id, leaseNumber) =>
      changed(
        await held(tx, id, leaseNumber)
          .set({ state: 'queued', lease_owner: null, lease_until: null })
          .executeTakeFirst(),
      ),
    complete: async (tx, id, leaseNumber) =>
      changed(await held(tx, id, leaseNumber).set({ state: 'done' }).executeTakeFirst()),
    async withdraw(tx, id) {
      const at = now()
      const done = tx.updateTable('jobs').set({ state: 'done' }).where('id', '=', id)
      const free = done.where((e) => e.or([e('state', '=', 'queued'), ranOut(e, at)]))
      return changed(await free.executeTakeFirst())
    },
    wait: (ms, signal) => bell.wait(topic, ms, signal),
    announce: () => bell.ring(topic),
  }
}

/** The job, as long as this lease of it is the newest. */
function held(tx: QueueTransaction, id: string, leaseNumber: number) {
  return tx
    .updateTable('jobs')
    .where('id', '=', id)
    .where('lease_number', '=', leaseNumber)
    .where('state', '=', 'running')
}

function ranOut(e: ExpressionBuilder<Jobs, 'jobs'>, at: number) {
  return e.and([e('state', '=', 'running'), e('lease_until', '<=', at)])
}

function changed(result: { readonly numUpdatedRows: bigint } | undefined): boolean {
  return result !== undefined && result.numUpdatedRows > 0n
}
