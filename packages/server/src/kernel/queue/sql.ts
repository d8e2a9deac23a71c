import type { ExpressionBuilder, SelectQueryBuilder } from 'kysely'
import type { Tables } from '../../schema/index.ts'
import { createBell } from '../bell.ts'
import type { Clock } from '../clock.ts'
import type { Queue, QueueTransaction } from './queue.ts'

type Jobs = Pick<Tables, 'jobs'>
type NextJob = SelectQueryBuilder<Jobs, 'jobs', { id: string }>

/** Where the engines differ: how the select inside a claim keeps two claims off one row. */
export type LockNext = (next: NextJob) => NextJob

/** The queue in portable SQL; the engine's own file says how it locks. */
export function sqlQueue(now: Clock, lockNext: LockNext): Queue {
  const bell = createBell()
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
        return lockNext(tenant === undefined ? free : free.where('tenant', '=', tenant))
      }
      const job = await tx
        .updateTable('jobs')
        .set((e) => ({
          state: 'running',
          lease_number: e('lease_number', '+', 1),
          lease_owner: owner,
          lease_until: at + leaseMs,
        }))
        .where((e) => e('id', 'in', next(e)))
        .returning(['id', 'lane', 'tenant', 'lease_number'])
        .executeTakeFirst()
      if (!job) return undefined
      const { lease_number: leaseNumber, ...named } = job
      return { ...named, leaseNumber, leaseUntil: at + leaseMs }
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
    wait: (ms, signal) => bell.wait('', ms, signal),
    announce: () => bell.ring(''),
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
