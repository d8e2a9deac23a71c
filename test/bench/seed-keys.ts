import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { formatKey, keyStartLength } from '@norrix/contract/api-key-format.policy'
import { newId } from '@norrix/contract/id'
import { openDatabase } from '@norrix/server/kernel/db/database'
import { hashKey, keepSecret } from '@norrix/server/kernel/secrets'
import type { Tables } from '@norrix/server/schema/index'
import { migrations } from '@norrix/server/schema/migrations/index'
import type { ApiKeysTable } from '@norrix/server/schema/tables/api-keys'
import type { StoreDatabase } from './stores.ts'

export interface SeededKeys {
  readonly orgId: string
  /** Secrets of some of the keys, at most 1,000, from all over the table. */
  readonly secrets: readonly string[]
}

const sampleMax = 1000
/** 14 columns each: below the 32,766 placeholders that SQLite takes in one statement, and PostgreSQL's 65,535. */
const rowsOfStatement = 1000

/** Makes the database of a server that has not started yet, with an organization and this many real keys. */
export async function seedKeys(
  dataFolder: string,
  database: StoreDatabase,
  count: number,
): Promise<SeededKeys> {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  const pepper = createSecretKey(keepSecret(join(dataFolder, 'secrets'), 'api-key-pepper'))
  const db = openDatabase<Tables>(database.config)
  const orgId = newId('org', randomBytes)
  const secrets: string[] = []
  const every = Math.ceil(count / sampleMax)
  try {
    await db.migrate(migrations)
    await db.kysely.insertInto('orgs').values({ id: orgId, name: 'Acme', created_at: 1 }).execute()
    await db.transaction(async (tx) => {
      for (let made = 0; made < count; made += rowsOfStatement) {
        const some = secretsFrom(made, Math.min(made + rowsOfStatement, count))
        const rows = some.map((secret) => rowOf(secret, orgId, pepper))
        await tx.insertInto('api_keys').values(rows).execute()
        secrets.push(...some.filter((_, index) => (made + index) % every === 0))
      }
    })
  } finally {
    await db.close()
  }
  await database.settle()
  return { orgId, secrets }
}

/** Made once for all servers of a run: a key takes longer to make than to store. */
const known: string[] = []

function secretsFrom(begin: number, end: number): string[] {
  while (known.length < end) known.push(formatKey('prod', randomBytes))
  return known.slice(begin, end)
}

function rowOf(secret: string, orgId: string, pepper: KeyObject): ApiKeysTable {
  return {
    id: newId('apiKey', randomBytes),
    org_id: orgId,
    name: 'GitHub Actions',
    start: secret.slice(0, keyStartLength),
    secret_hash: hashKey(secret, pepper),
    scopes: 'build',
    created_by: 'user_bench',
    created_by_name: 'ana@example.com',
    created_at: Date.now(),
    expires_at: null,
    revoked_at: null,
    last_used_at: null,
    last_used_address: null,
    last_used_agent: null,
  }
}
