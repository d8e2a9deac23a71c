import assert from 'node:assert/strict'
import type { Tables } from '../../schema/index.ts'
import type { Clock } from '../clock.ts'
import type { Database } from '../db/database.ts'
import type { Claim, ClaimOptions, Queue, QueueTransaction } from './queue.ts'

/** An engine under test: an empty, migrated database and a clock that the case turns. */
export interface QueueUnderTest {
  readonly db: Database<Tables>
  readonly queue: Queue
  readonly clock: { now: Clock; turn(ms: number): void }
}

export interface QueueCase {
  /** The guarantee. */
  readonly title: string
  run(under: QueueUnderTest): Promise<void>
}

/** What every version of the queue holds to. Cases, not tests, so that this file needs no test runner. */
export const queueConformance: readonly QueueCase[] = [
  {
    title: 'the job that waits longest is claimed first',
    async run({ db, queue, clock }) {
      for (const id of ['c', 'a', 'b']) {
        await db.transaction((tx) => queue.add(tx, { id, lane: 'android', tenant: 'org_1' }))
        clock.turn(1)
      }
      const order = [await claim(db, queue), await claim(db, queue), await claim(db, queue)]
      assert.deepEqual(
        order.map((job) => job?.id),
        ['c', 'a', 'b'],
      )
      assert.equal(await claim(db, queue), undefined)
    },
  },
  {
    title: 'of many who claim at once, each job has one holder',
    async run({ db, queue }) {
      const ids = Array.from({ length: 20 }, (_, n) => `job${n}`)
      await db.transaction(async (tx) => {
        for (const id of ids) await queue.add(tx, { id, lane: 'android', tenant: 'org_1' })
      })
      const claims = await Promise.all(Array.from({ length: 40 }, () => claim(db, queue)))
      const taken = claims.flatMap((job) => (job ? [job.id] : []))
      assert.deepEqual(taken.toSorted(), ids.toSorted())
    },
  },
  {
    title: 'a claim sees its own lanes only, and no lane claims nothing',
    async run({ db, queue }) {
      await db.transaction((tx) => queue.add(tx, { id: 'mac', lane: 'ios', tenant: 'org_1' }))
      assert.equal(await claim(db, queue, { lanes: ['android'] }), undefined)
      assert.equal(await claim(db, queue, { lanes: [] }), undefined)
      assert.equal((await claim(db, queue, { lanes: ['android', 'ios'] }))?.id, 'mac')
    },
  },
  {
    title: "a claim for one tenant never gets another's job",
    async run({ db, queue }) {
      await db.transaction((tx) =>
        queue.add(tx, { id: 'theirs', lane: 'android', tenant: 'org_2' }),
      )
      assert.equal(await claim(db, queue, { tenant: 'org_1' }), undefined)
      assert.equal((await claim(db, queue, { tenant: 'org_2' }))?.tenant, 'org_2')
    },
  },
  {
    title: 'a lease that was not renewed is taken under the next number, one that was is not',
    async run({ db, queue, clock }) {
      await oneJob(db, queue)
      const first = held(await claim(db, queue))
      clock.turn(900)
      assert.equal(
        await db.transaction((tx) => queue.renew(tx, 'job', first.leaseNumber, 1000)),
        true,
      )
      clock.turn(900)
      assert.equal(await claim(db, queue), undefined)
      clock.turn(100)
      const second = held(await claim(db, queue))
      assert.equal(second.leaseNumber, first.leaseNumber + 1)
    },
  },
  {
    title: 'a stale lease renews, releases and completes nothing',
    async run({ db, queue, clock }) {
      await oneJob(db, queue)
      const stale = held(await claim(db, queue))
      clock.turn(1000)
      const newest = held(await claim(db, queue))
      const attempt = (
        work: (tx: QueueTransaction, number: number) => Promise<boolean>,
        by: Claim,
      ) => db.transaction((tx) => work(tx, by.leaseNumber))
      assert.equal(await attempt((tx, n) => queue.renew(tx, 'job', n, 9000), stale), false)
      assert.equal(await attempt((tx, n) => queue.release(tx, 'job', n), stale), false)
      assert.equal(await attempt((tx, n) => queue.complete(tx, 'job', n), stale), false)
      assert.equal(await attempt((tx, n) => queue.complete(tx, 'job', n), newest), true)
      assert.equal(await attempt((tx, n) => queue.complete(tx, 'job', n), newest), false)
    },
  },
  {
    title: 'a job that has ended is never claimed again',
    async run({ db, queue, clock }) {
      await oneJob(db, queue)
      const only = held(await claim(db, queue))
      await db.transaction((tx) => queue.complete(tx, 'job', only.leaseNumber))
      clock.turn(100_000)
      assert.equal(await claim(db, queue), undefined)
    },
  },
  {
    title: 'a released job is claimed at once, under the next number',
    async run({ db, queue }) {
      await oneJob(db, queue)
      const first = held(await claim(db, queue))
      assert.equal(await db.transaction((tx) => queue.release(tx, 'job', first.leaseNumber)), true)
      assert.equal(held(await claim(db, queue)).leaseNumber, first.leaseNumber + 1)
    },
  },
  {
    title: 'a job that somebody holds is not withdrawn; a queued or abandoned one is, for good',
    async run({ db, queue, clock }) {
      await oneJob(db, queue)
      const withdraw = () => db.transaction((tx) => queue.withdraw(tx, 'job'))
      const holder = held(await claim(db, queue))
      assert.equal(await withdraw(), false)
      clock.turn(1000)
      assert.equal(await withdraw(), true)
      assert.equal(await withdraw(), false)
      const renewed = await db.transaction((tx) => queue.renew(tx, 'job', holder.leaseNumber, 1000))
      assert.equal(renewed, false)
      assert.equal(await claim(db, queue), undefined)
    },
  },
  {
    title: 'a job whose transaction fails was never added',
    async run({ db, queue }) {
      const failing = db.transaction(async (tx) => {
        await queue.add(tx, { id: 'job', lane: 'android', tenant: 'org_1' })
        throw new Error('no')
      })
      await assert.rejects(failing)
      assert.equal(await claim(db, queue), undefined)
    },
  },
  {
    title: 'who waits is woken by an announcement, by the time and by its signal',
    async run({ queue }) {
      const never = new AbortController().signal
      const began = Date.now()
      const woken = queue.wait(60_000, never)
      queue.announce()
      await woken
      await queue.wait(5, never)
      const leaving = new AbortController()
      const left = queue.wait(60_000, leaving.signal)
      leaving.abort()
      await left
      await queue.wait(60_000, leaving.signal)
      assert.ok(Date.now() - began < 10_000)
    },
  },
]

const leaseMs = 1000

function claim(
  db: Database<Tables>,
  queue: Queue,
  options: Partial<ClaimOptions> = {},
): Promise<Claim | undefined> {
  const whole = { lanes: ['android'], owner: 'run_1', leaseMs, ...options }
  return db.transaction((tx) => queue.claim(tx, whole))
}

function oneJob(db: Database<Tables>, queue: Queue): Promise<void> {
  return db.transaction((tx) => queue.add(tx, { id: 'job', lane: 'android', tenant: 'org_1' }))
}

function held(job: Claim | undefined): Claim {
  assert.ok(job, 'there was a job to claim')
  return job
}
