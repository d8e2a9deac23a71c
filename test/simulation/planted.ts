import type { KyselyPlugin, OperationNode, UpdateQueryNode } from 'kysely'
import type { Readable } from 'node:stream'
import type { BuildsDeps } from '@norrix/server/features/builds/index'
import type { Blobs } from '@norrix/server/kernel/blobs/blobs'
import type { Queue } from '@norrix/server/kernel/queue/queue'
import { sqlQueue } from '@norrix/server/kernel/queue/sql'
import type { Plant } from './server.ts'

/** A mistake that somebody could make. The simulation has to find each, or it proves nothing. */
export interface PlantedBug {
  readonly title: string
  readonly plant: Plant
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    title: 'a claim takes jobs whose lease has not run out',
    plant: withQueue(({ effects, bell }, queue) => {
      const hasty = sqlQueue({ now: () => effects.now() + 3600_000, bell })
      return {
        ...queue,
        async claim(tx, options) {
          const claim = await hasty.claim(tx, options)
          const leaseUntil = effects.now() + options.leaseMs
          if (!claim) return undefined
          await tx
            .updateTable('jobs')
            .set({ lease_until: leaseUntil })
            .where('id', '=', claim.id)
            .execute()
          return { ...claim, leaseUntil }
        },
      }
    }),
  },
  {
    title: 'the queue reads a clock that is a lease ahead',
    plant: withQueue(({ effects, timing, bell }) =>
      sqlQueue({ now: () => effects.now() + (timing?.leaseMs ?? 0), bell }),
    ),
  },
  {
    title: 'a heartbeat renews the lease and forgets the job',
    plant: withQueue((_, queue) => ({ ...queue, renew: async () => true })),
  },
  {
    title: 'a lost job keeps its state',
    plant: withQueue((_, queue) => ({ ...queue, release: async () => true })),
  },
  {
    title: 'cancelling takes the job from a runner that holds it',
    plant: withQueue((_, queue) => ({
      ...queue,
      async withdraw(tx, id) {
        await tx.updateTable('jobs').set({ state: 'done' }).where('id', '=', id).execute()
        return true
      },
    })),
  },
  {
    title: 'a finished job is not marked as done',
    plant: withQueue((_, queue) => ({ ...queue, complete: async () => true })),
  },
  {
    title: 'a lease is never asked whether it is over, and its job ends under any number',
    plant: (deps) => {
      const complete: Queue['complete'] = async (tx, id) => {
        await tx.updateTable('jobs').set({ state: 'done' }).where('id', '=', id).execute()
        return true
      }
      const kysely = deps.db.kysely.withPlugin(believeLeases)
      const transaction: typeof deps.db.transaction = (work) =>
        deps.db.transaction((tx) => work(tx.withPlugin(believeLeases) as typeof tx)) // as: a transaction stays one
      return {
        ...deps,
        db: { ...deps.db, kysely, transaction },
        queue: { ...deps.queue, complete },
      }
    },
  },
  {
    title: 'a blob is acknowledged and then lost',
    plant: (deps) => {
      let count = 0
      const put = async (...given: [Readable, Parameters<typeof deps.blobs.put>[1]]) => {
        const stored = await deps.blobs.put(...given)
        count += 1
        if (count % 5 === 0) await deps.blobs.remove(stored.key)
        return stored
      }
      return { ...deps, blobs: changed(deps.blobs, { put }) }
    },
  },
  {
    title: 'a server that starts again asks for no blob that was in doubt',
    plant: (deps) => ({ ...deps, blobs: changed(deps.blobs, { inDoubt: [] }) }),
  },
  {
    title: 'a removed runner still gets builds',
    plant: (deps) => ({
      ...deps,
      runners: {
        ...deps.runners,
        async current(tx, id) {
          const row = await tx
            .selectFrom('runners')
            .selectAll()
            .where('id', '=', id)
            .executeTakeFirstOrThrow()
          return { ...row, orgId: row.org_id, platforms: ['android'] }
        },
      },
    }),
  },
  {
    title: 'cancelling is not written down',
    plant: (deps) => ({
      ...deps,
      audit: {
        async record(tx, event) {
          if (event.action !== 'builds.cancel') await deps.audit.record(tx, event)
        },
      },
    }),
  },
]

/** The same store but for what is changed; its methods keep their own `this`. */
function changed(blobs: Blobs, change: Partial<Blobs>): Blobs {
  const { inDoubt } = blobs
  return {
    inDoubt,
    put: (...given) => blobs.put(...given),
    open: (key) => blobs.open(key),
    remove: (key) => blobs.remove(key),
    doubt: (keys) => blobs.doubt(keys),
    keep: (key) => blobs.keep(key),
    ...change,
  }
}

function withQueue(change: (deps: BuildsDeps, queue: Queue) => Queue): Plant {
  return (deps) => ({ ...deps, queue: change(deps, deps.queue) })
}

/** Takes every condition but the first, which is the id, from what changes a lease. */
const believeLeases: KyselyPlugin = {
  transformQuery({ node }) {
    if (node.kind !== 'UpdateQueryNode' || !JSON.stringify(node.table).includes('"leases"'))
      return node
    return node.where ? firstOnly(node, node.where) : node
  },
  transformResult: async ({ result }) => result,
}

function firstOnly(
  node: UpdateQueryNode,
  where: NonNullable<UpdateQueryNode['where']>,
): UpdateQueryNode {
  let first: OperationNode = where.where
  while (first.kind === 'AndNode' && 'left' in first) first = first.left as OperationNode // as: AndNode's left
  return { ...node, where: { ...where, where: first } }
}
