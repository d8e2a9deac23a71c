// What is PostgreSQL's alone: several servers on one database, connections that break, a server that is not fit.
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { Fault } from '@norrix/contract/fault'
import { sql } from 'kysely'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { inPostgres } from '../../../../../test/kit/postgres/admin.ts'
import { runningPostgres } from '../../../../../test/kit/postgres/run.ts'
import { makeDatabase, type TestDatabase } from '../../../../../test/kit/test-database.ts'
import { createLog } from '../log.ts'
import type { Tables } from '../../schema/index.ts'
import { migrations } from '../../schema/migrations/index.ts'
import { openDatabase, type Database, type PostgresConfig } from './database.ts'

let database: TestDatabase
let config: PostgresConfig
const opened: Database<Tables>[] = []
const lines: string[] = []
const log = createLog((line) => lines.push(line), { level: 'debug' })

beforeEach(async () => {
  database = await makeDatabase('')
  if (database.config.kind !== 'postgres') throw new Error('unreachable')
  config = database.config
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((db) => db.close()))
  await database.drop()
})

function open(over: Partial<PostgresConfig> = {}): Database<Tables> {
  const db = openDatabase<Tables>({ ...config, ...over }, log)
  opened.push(db)
  return db
}

const one = 'select 1 as one'
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof Fault ? error.code : error),
  )

test('two servers that start at once on an empty database both start', async () => {
  await inPostgres(config, 'drop schema public cascade; create schema public')
  const servers = [open(), open(), open()]
  await Promise.all(servers.map((db) => db.migrate(migrations)))
  const rows = await inPostgres(config, 'select name from kysely_migration order by name')
  expect(rows.map(({ name }) => String(name))).toEqual(Object.keys(migrations))
})

test('a server waits for another one’s migration, however long that takes', async () => {
  const holder = new Client({
    host: config.host,
    port: config.port,
    user: config.user,
    database: config.database,
  })
  await holder.connect()
  // Kysely's own lock for migrations.
  const key = '3853314791062309107'
  await holder.query(`select pg_advisory_lock(${key})`)
  const migrating = codeOf(open({ statementMs: 500 }).migrate(migrations))
  await new Promise((resolve) => setTimeout(resolve, 4000))
  await holder.end()
  expect(await migrating).toBe('done')
})

test('a connection that breaks fails its request and no other, and the pool is whole again', async () => {
  const db = open()
  const find = db.lookup<{ one: number }>(one)
  expect(await find()).toEqual({ one: 1 })
  await Promise.all(Array.from({ length: 8 }, () => find()))
  const broken = codeOf(db.transaction((tx) => sql`select pg_sleep(5)`.execute(tx)))
  await sleepUntil(async () => (await busy()) > 0)
  await inPostgres(
    { ...config, database: 'postgres' },
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${config.database}'`,
  )
  expect(await broken).toBe('unavailable')
  expect(await find()).toEqual({ one: 1 })
  expect(await db.transaction(async () => 'done')).toBe('done')
})

test('a look-up whose statement another server’s migration made stale is prepared anew', async () => {
  const db = open({ connections: 2 })
  await inPostgres(config, 'create table stale (id text, at bigint)')
  await inPostgres(config, `insert into stale values ('a', 7)`)
  const find = db.lookup<{ at: number | string }>('select at from stale where id = ?')
  await Promise.all([find('a'), find('a'), find('a')])
  await inPostgres(config, 'alter table stale alter column at type text')
  expect(await Promise.all([find('a'), find('a'), find('a')])).toEqual([
    { at: '7' },
    { at: '7' },
    { at: '7' },
  ])
})

test('a statement that takes too long ends by itself, and its connection is not used again', async () => {
  const db = open({ statementMs: 200, connections: 2 })
  expect(await codeOf(sql`select pg_sleep(5)`.execute(db.kysely))).toBe('unavailable')
  expect(await db.lookup(one)()).toEqual({ one: 1 })
})

test('a database that never answers fails the request in time', async () => {
  const silent = await silentServer()
  const db = open({ host: '127.0.0.1', port: silent.port })
  const began = Date.now()
  expect(await codeOf(db.lookup(one)())).toBe('unavailable')
  expect(Date.now() - began).toBeLessThan(8000)
  silent.close()
})

test('who finds no connection free is told to come again, and nothing hangs', async () => {
  const db = open({ connections: 2 })
  const hog = () => db.transaction((tx) => sql`select pg_sleep(7)`.execute(tx))
  const hogs = [codeOf(hog()), codeOf(hog())]
  await sleepUntil(async () => (await busy()) >= 2)
  expect(await codeOf(db.lookup(one)())).toBe('unavailable')
  expect(await Promise.all(hogs)).toEqual(['done', 'done'])
})

test('a database that cannot be had is named at the start, without its password', async () => {
  const { remote } = await runningPostgres()
  const secret = 'not-the-password'
  const db = open({ ...remote, password: secret, database: config.database })
  const failure: unknown = await db.migrate(migrations).catch((error: unknown) => error)
  expect(failure).toMatchObject({
    code: 'database_unusable',
    message: expect.stringMatching(/127\.0\.0\.1:\d+ cannot be used as norrix: password/),
  })
  expect(await codeOf(db.lookup(one)())).toBe('unavailable')
  expect(JSON.stringify([failure, lines])).not.toContain(secret)
  const nobody = open({ host: '127.0.0.1', port: 1 })
  await expect(nobody.migrate(migrations)).rejects.toThrow('127.0.0.1:1 cannot be used as norrix')
})

test('a password opens the database by TCP', async () => {
  const { remote } = await runningPostgres()
  const db = open({ ...remote, database: config.database })
  expect(await db.lookup(one)()).toEqual({ one: 1 })
})

test('a copy that follows another server is not believed', async () => {
  // Stands for a standby: what a real one says of itself, from a function of the same name found first.
  await inPostgres(
    config,
    `create schema standby;
     create function standby.pg_is_in_recovery() returns boolean language sql as 'select true';
     alter database ${config.database} set search_path = standby, pg_catalog, public`,
  )
  expect(await codeOf(open().lookup(one)())).toBe('unavailable')
})

test('what is written is durable even where the server was told to be fast', async () => {
  await inPostgres(config, `alter database ${config.database} set synchronous_commit = off`)
  const level = open().lookup<{ level: string }>(
    `select current_setting('synchronous_commit') as level`,
  )
  expect(await level()).toEqual({ level: 'on' })
})

test('each statement of a transaction sees what is durable when it begins, whatever the server’s default', async () => {
  await inPostgres(
    config,
    `alter database ${config.database} set default_transaction_isolation = serializable`,
  )
  const [db, other] = [open(), open()]
  await db.transaction(async (tx) => {
    const count = () => tx.selectFrom('orgs').select('id').execute()
    expect(await count()).toEqual([])
    await other.kysely
      .insertInto('orgs')
      .values({ id: 'org_1', name: 'one', created_at: 1 })
      .execute()
    expect(await count()).toEqual([{ id: 'org_1' }])
  })
})

test('a text with a NUL character is refused as a bad request', async () => {
  const find = open().lookup('select id from orgs where id = ?')
  expect(await codeOf(find('org\0'))).toBe('bad_request')
})

test('a ring is heard by every server on the database, and after its connection broke', async () => {
  const [here, there] = [open(), open()]
  const never = new AbortController().signal
  const heard = async (topic: string) => {
    // Rung until it is heard: a bell is a hint, and its connection may just be opening.
    const woken = there.bell.wait(topic, 20_000, never).then(() => Date.now())
    const ringing = setInterval(() => here.bell.ring(topic), 20)
    const began = Date.now()
    const at = await woken
    clearInterval(ringing)
    return at - began
  }
  expect(await heard('first')).toBeLessThan(10_000)
  await inPostgres(
    { ...config, database: 'postgres' },
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${config.database}'`,
  )
  expect(await heard('second')).toBeLessThan(10_000)
})

async function busy(): Promise<number> {
  const [row] = await inPostgres(
    { ...config, database: 'postgres' },
    `select count(*)::int as busy from pg_stat_activity
     where datname = '${config.database}' and query like '%pg_sleep%' and state = 'active'`,
  )
  return Number(row?.['busy'])
}

async function sleepUntil(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** Takes connections and says nothing, like a machine that was cut off. */
async function silentServer(): Promise<{ port: number; close(): void }> {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    port,
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
