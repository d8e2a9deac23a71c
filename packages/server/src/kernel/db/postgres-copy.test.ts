import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  makeBareDatabase,
  makeDatabase,
  runSql,
  type TestDatabase,
} from '../../../../../test/kit/test-database.ts'
import type { Tables } from '../../schema/index.ts'
import { migrations } from '../../schema/migrations/index.ts'
import { openDatabase, type Database, type PostgresConfig } from './database.ts'
import { copyPostgres, fillPostgres, isFilled } from './postgres-copy.ts'

let folder: string
let from: TestDatabase
let to: TestDatabase
let db: Database<Tables>
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'norrix-copy-'))
  from = await makeDatabase(folder)
  to = await makeBareDatabase(folder)
  db = openDatabase<Tables>(from.config)
})
afterEach(async () => {
  await db.close()
  await from.drop()
  await to.drop()
  rmSync(folder, { recursive: true })
})

const config = ({ config: some }: TestDatabase): PostgresConfig => {
  if (some.kind !== 'postgres') throw new Error('This file is for PostgreSQL.')
  return some
}
const file = () => join(folder, 'copy')
const copy = <T>(look: () => Promise<T>) => copyPostgres<Tables, T>(config(from), file(), look)
const fill = (bytes: string, chunkBytes = 7) =>
  fillPostgres(config(to), Readable.from(pieces(Buffer.from(bytes), chunkBytes)), migrations)

/** Cut anywhere, in the middle of a character too. */
function* pieces(bytes: Buffer, chunkBytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

const awkward = [
  'plain',
  '',
  '  spaces  ',
  'a\nb\r\nc\rd\te\u2028f\u2029g\u0085h',
  `quotes ' " \\ \\n {} [] , \\u0041 $1 null`,
  'Zoë 日本 👩‍👧 \u{10ffff} \u0001\u007f',
  'x'.repeat(3_000_000),
]

async function addOrgs(names: readonly string[]): Promise<void> {
  for (const [index, name] of names.entries()) {
    const created_at = Number.MAX_SAFE_INTEGER - index
    await db.kysely
      .insertInto('orgs')
      .values({ id: `org_${index}`, name, created_at })
      .execute()
  }
}

test('every row of every table comes back as it was, whatever stands in it', async () => {
  await addOrgs(awkward)
  await db.kysely
    .insertInto('accounts')
    .values({
      id: 'user_a',
      issuer: 'embedded',
      subject: 'a',
      email: 'a@example.com',
      email_verified: 1,
      name: null,
      password_hash: null,
      created_at: 1,
      disabled_at: null,
    })
    .execute()
  await db.kysely
    .insertInto('members')
    .values({ org_id: 'org_0', account_id: 'user_a', role: 'owner', created_at: 2 })
    .execute()
  await copy(async () => undefined)
  await fill(readFileSync(file(), 'utf8'), 65_536)
  const sorted = async (database: TestDatabase) =>
    (await database.dump())
      .split('\n')
      .filter((row) => !row.includes('"timestamp"'))
      .toSorted()
  expect(await sorted(to)).toEqual(await sorted(from))
  // Nothing is left to migrate: a server starts on it as it is.
  const filled = openDatabase<Tables>(to.config)
  await filled.migrate(migrations)
  await filled.close()
})

test('a copy is cut in pieces anywhere on its way back', async () => {
  await addOrgs(awkward.slice(0, -1))
  await copy(async () => undefined)
  await fill(readFileSync(file(), 'utf8'), 1)
  const names = await runSql(to.config, 'select name from orgs order by id')
  expect(names.map((row) => Object.values(row)[0])).toEqual(awkward.slice(0, -1))
})

test('a copy is of one moment, and what is looked at beside it is of the same', async () => {
  await addOrgs(['before'])
  const seen = await copyPostgres<Tables, number>(config(from), file(), async (tx) => {
    await runSql(from.config, `insert into orgs (id, name, created_at) values ('org_9', 'x', 1)`)
    return (await tx.selectFrom('orgs').select('id').execute()).length
  })
  expect(seen).toBe(1)
  expect(readFileSync(file(), 'utf8').match(/^\["orgs"/gm)).toHaveLength(1)
})

test('a copy that does not fit leaves the database as empty as it was', async () => {
  const org = JSON.stringify({ id: 'org_0', name: 'Acme', created_at: 1 })
  const orphan = JSON.stringify({
    org_id: 'gone',
    account_id: 'gone',
    role: 'owner',
    created_at: 1,
  })
  const text = `["orgs", ${org}]\n["members", ${orphan}]\n`
  await expect(fill(text)).rejects.toMatchObject({
    code: 'database_unusable',
    message: expect.stringContaining('foreign key'),
  })
  await expect(fill(`["orgs", {"id": "org_0"`)).rejects.toMatchObject({ code: 'database_unusable' })
  await expect(fill(`select 1;\n`)).rejects.toMatchObject({ code: 'database_unusable' })
  expect(await isFilled(config(to))).toBe(false)
})

test('a database with any table in it is not filled', async () => {
  await runSql(to.config, 'create table somebody_elses (id int)')
  await expect(fill('')).rejects.toMatchObject({ code: 'conflict' })
  expect(await isFilled(config(to))).toBe(true)
})
