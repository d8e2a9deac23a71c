import { afterEach, beforeEach, expect, test } from 'vitest'
import { temporaryFolder } from '../../../../../test/kit/temporary-folder.ts'
import { makeDatabase, type TestDatabase } from '../../../../../test/kit/test-database.ts'
import { openDatabase, type Database } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import { migrations } from '../../schema/migrations/index.ts'
import { insertKey, noteUses } from './store.ts'

let database: TestDatabase
let db: Database<Tables>
beforeEach(async () => {
  database = await makeDatabase(temporaryFolder())
  db = openDatabase<Tables>(database.config)
  await db.migrate(migrations)
  await db.kysely.insertInto('orgs').values({ id: 'org_1', name: 'Acme', created_at: 1 }).execute()
  await db.transaction(async (tx) => {
    for (let n = 0; n < 1201; n += 1) await insertKey(tx, keyOf(n))
  })
})
afterEach(async () => {
  await db.close()
  await database.drop()
})

const keyOf = (n: number) => ({
  id: `key_${n}`,
  org_id: 'org_1',
  name: 'GitHub Actions',
  start: 'nrx_abcdefgh',
  secret_hash: `hash ${n}`,
  scopes: 'build',
  created_by: 'user_1',
  created_by_name: 'ana@example.com',
  created_at: 1,
  expires_at: null,
  revoked_at: null,
  last_used_at: null,
  last_used_address: null,
  last_used_agent: null,
})

test('the last uses of many keys are noted at once, and a later one stays', async () => {
  const numbers = Array.from({ length: 1200 }, (_, n) => n)
  const used = (at: number, agent: string) =>
    numbers.map((n) => ({ keyId: `key_${n}`, at: at + n, address: '::1', agent }))
  await noteUses(db.kysely, [...used(1_790_000_000_000, "it's curl"), ...unknown])
  await noteUses(db.kysely, used(1_700_000_000_000, 'a clock behind'))
  const rows = await db.kysely.selectFrom('api_keys').selectAll().execute()
  const noted = new Map(rows.map((row) => [row.id, row]))
  for (const n of numbers)
    expect(noted.get(`key_${n}`)).toMatchObject({
      last_used_at: 1_790_000_000_000 + n,
      last_used_address: '::1',
      last_used_agent: "it's curl",
    })
  expect(noted.get('key_1200')?.last_used_at).toBe(null)
  await noteUses(db.kysely, [])
})

/** Of a key that is gone by now. */
const unknown = [{ keyId: 'key_gone', at: 1, address: '::1', agent: 'curl' }]
