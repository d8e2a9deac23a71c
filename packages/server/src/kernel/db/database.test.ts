import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { engineUnderTest, makeDatabase } from '../../../../../test/kit/test-database.ts'
import type { Tables } from '../../schema/index.ts'
import { migrations } from '../../schema/migrations/index.ts'
import { databaseConformance, type DatabaseUnderTest } from './conformance.ts'
import { openDatabase } from './database.ts'

describe(`the database on ${engineUnderTest}`, () => {
  for (const { title, run } of databaseConformance) {
    test(title, () => withDatabase(run))
  }
})

async function withDatabase(run: (under: DatabaseUnderTest) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'norrix-database-'))
  const database = await makeDatabase(folder)
  const openAgain = () => openDatabase<Tables>(database.config)
  const db = openAgain()
  try {
    await db.migrate(migrations)
    await run({ db, migrations, openAgain })
  } finally {
    await db.close()
    await database.drop()
    await rm(folder, { recursive: true })
  }
}
