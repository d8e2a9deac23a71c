import assert from 'node:assert/strict'
import type { Migration } from 'kysely/migration'
import type { Tables } from '../../schema/index.ts'
import { isConflict, type Database } from './database.ts'

/** An engine under test: a migrated database, and a way to open the same one again, as another process would. */
export interface DatabaseUnderTest {
  readonly db: Database<Tables>
  /** Those that were run. */
  readonly migrations: Readonly<Record<string, Migration>>
  openAgain(): Database<Tables>
}

export interface DatabaseCase {
  /** The guarantee. */
  readonly title: string
  run(under: DatabaseUnderTest): Promise<void>
}

const aTime = 1_795_000_000_123

/** What both engines hold to, for everything above them. Cases, not tests, so that this file needs no test runner. */
export const databaseConformance: readonly DatabaseCase[] = [
  {
    title: 'times, sizes, counts and sums come back as the numbers that they are',
    async run({ db }) {
      await addOrg(db, 'org_1', Number.MAX_SAFE_INTEGER)
      await addOrg(db, 'org_2', 0)
      const { created_at } = await org(db, 'org_1')
      assert.equal(created_at, Number.MAX_SAFE_INTEGER)
      const row = await db.kysely
        .selectFrom('orgs')
        .select((e) => [e.fn.countAll().as('count'), e.fn.sum('created_at').as('sum')])
        .executeTakeFirstOrThrow()
      assert.deepEqual({ ...row }, { count: 2, sum: Number.MAX_SAFE_INTEGER })
      const found = await db.lookup<{ at: number }>(
        'select created_at as at from orgs where id = ?',
      )('org_1')
      assert.equal(found?.at, Number.MAX_SAFE_INTEGER)
    },
  },
  {
    title: 'text comes back as it was, whatever language it is of',
    async run({ db }) {
      const name = 'Łódź 東京 🚀 \' " \\ ? $1 \u0001\n'
      await db.kysely.insertInto('orgs').values({ id: 'org_1', name, created_at: 1 }).execute()
      assert.equal((await org(db, 'org_1')).name, name)
    },
  },
  {
    title: 'a look-up takes its values by their place, finds one row or none, and knows null',
    async run({ db }) {
      await addOrg(db, 'org_1', aTime)
      const find = db.lookup<{ id: string; absent: null }>(
        'select id, null as absent from orgs where created_at = ? and id = ?',
      )
      assert.deepEqual({ ...(await find(aTime, 'org_1')) }, { id: 'org_1', absent: null })
      assert.equal(await find(aTime, 'org_2'), undefined)
      assert.equal(await find(null, 'org_1'), undefined)
    },
  },
  {
    title: 'a look-up sees what is durable, at once, and nothing else',
    async run({ db }) {
      const find = db.lookup<{ id: string }>('select id from orgs where id = ?')
      await db.transaction(async (tx) => {
        await tx.insertInto('orgs').values({ id: 'org_1', name: 'one', created_at: 1 }).execute()
        assert.equal(await find('org_1'), undefined)
      })
      assert.equal((await find('org_1'))?.id, 'org_1')
    },
  },
  {
    title: 'many look-ups at once each get their own answer',
    async run({ db }) {
      for (let n = 0; n < 20; n += 1) await addOrg(db, `org_${n}`, n)
      const find = db.lookup<{ at: number }>('select created_at as at from orgs where id = ?')
      const numbers = Array.from({ length: 200 }, (_, n) => n % 20)
      const found = await Promise.all(numbers.map((n) => find(`org_${n}`)))
      assert.deepEqual(
        found.map((row) => row?.at),
        numbers,
      )
    },
  },
  {
    title: 'a transaction that fails leaves nothing behind',
    async run({ db }) {
      const failing = db.transaction(async (tx) => {
        await tx.insertInto('orgs').values({ id: 'org_1', name: 'one', created_at: 1 }).execute()
        throw new Error('no')
      })
      await assert.rejects(failing, /^Error: no$/)
      await assert.rejects(org(db, 'org_1'))
    },
  },
  {
    title: 'a value that is taken is a conflict, and so is a key; a missing parent is none',
    async run({ db }) {
      const pepper = { name: 'pepper', digest: 'x' }
      const addSecret = () => db.kysely.insertInto('secret_digests').values(pepper).execute()
      await addSecret()
      assert.ok(isConflict(await failureOf(addSecret())))
      const account = { id: 'user_1', issuer: 'i', subject: 's', email: 'a@b', email_verified: 0 }
      const empty = { name: null, password_hash: null, created_at: 1, disabled_at: null }
      const addAccount = (id: string) =>
        db.kysely
          .insertInto('accounts')
          .values({ ...account, ...empty, id })
          .execute()
      await addAccount('user_1')
      assert.ok(isConflict(await failureOf(addAccount('user_2'))))
      const member = {
        org_id: 'org_9',
        account_id: 'user_1',
        role: 'owner' as const,
        created_at: 1,
      }
      const orphan = db.kysely.insertInto('members').values(member).execute()
      assert.equal(isConflict(await failureOf(orphan)), false)
    },
  },
  {
    title: 'a row that is read for update is changed by one transaction at a time',
    async run({ db }) {
      await addOrg(db, 'org_1', 0)
      const addOne = () =>
        db.transaction(async (tx) => {
          const row = await tx
            .selectFrom('orgs')
            .select('created_at')
            .where('id', '=', 'org_1')
            .forUpdate()
            .executeTakeFirstOrThrow()
          await tx
            .updateTable('orgs')
            .set({ created_at: row.created_at + 1 })
            .where('id', '=', 'org_1')
            .execute()
        })
      await Promise.all(Array.from({ length: 30 }, addOne))
      assert.equal((await org(db, 'org_1')).created_at, 30)
    },
  },
  {
    title: 'of two transactions that wait for each other both are done in the end',
    async run({ db }) {
      for (const id of ['org_1', 'org_2']) await addOrg(db, id, 0)
      const addToBoth = (first: string, second: string) =>
        db.transaction(async (tx) => {
          for (const id of [first, second]) {
            await tx
              .updateTable('orgs')
              .set((e) => ({ created_at: e('created_at', '+', 1) }))
              .where('id', '=', id)
              .execute()
          }
        })
      const pairs = Array.from({ length: 8 }, (_, n) =>
        n % 2 ? addToBoth('org_1', 'org_2') : addToBoth('org_2', 'org_1'),
      )
      await Promise.all(pairs)
      assert.equal((await org(db, 'org_1')).created_at, 8)
      assert.equal((await org(db, 'org_2')).created_at, 8)
    },
  },
  {
    title: 'one statement that changes a row if it is unchanged is done once, however many try',
    async run({ db }) {
      await addOrg(db, 'org_1', 0)
      const take = async () => {
        const result = await db.kysely
          .updateTable('orgs')
          .set({ created_at: 1 })
          .where('id', '=', 'org_1')
          .where('created_at', '=', 0)
          .executeTakeFirst()
        return Number(result.numUpdatedRows)
      }
      const changed = await Promise.all(Array.from({ length: 10 }, take))
      assert.equal(
        changed.reduce((sum, each) => sum + each, 0),
        1,
      )
    },
  },
  {
    title: 'what one wrote another that has the same database open reads, by look-up too',
    async run({ db, openAgain }) {
      const other = openAgain()
      try {
        await addOrg(db, 'org_1', 7)
        assert.equal((await org(other, 'org_1')).created_at, 7)
        const find = other.lookup<{ id: string }>('select id from orgs where id = ?')
        assert.equal((await find('org_1'))?.id, 'org_1')
      } finally {
        await other.close()
      }
    },
  },
  {
    title: 'migrations run once, in order, and again at no start',
    async run({ db, migrations: known }) {
      const ran: string[] = []
      const step = (name: string): Migration => ({
        async up({ schema }) {
          ran.push(name)
          await schema.createTable(name).addColumn('id', 'text').execute()
        },
      })
      const before = { '9001-one': step('one') }
      const after = { ...before, '9002-two': step('two') }
      await db.migrate({ ...known, ...before })
      await db.migrate({ ...known, ...after })
      await db.migrate({ ...known, ...after })
      assert.deepEqual(ran, ['one', 'two'])
    },
  },
  {
    title: 'whoever waits is woken by a ring, in time',
    async run({ db }) {
      const began = Date.now()
      const woken = db.bell.wait('topic', 60_000, new AbortController().signal)
      db.bell.ring('another')
      db.bell.ring('topic')
      await woken
      assert.ok(Date.now() - began < 10_000)
    },
  },
]

async function addOrg(db: Database<Tables>, id: string, at: number): Promise<void> {
  await db.kysely.insertInto('orgs').values({ id, name: id, created_at: at }).execute()
}

function org(db: Database<Tables>, id: string) {
  return db.kysely.selectFrom('orgs').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
}

function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => assert.fail('It was accepted.'),
    (error: unknown) => error,
  )
}
