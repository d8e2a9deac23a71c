import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { engineUnderTest, makeDatabase } from '../../../../../test/kit/test-database.ts'
import { migrations } from '../../schema/migrations/index.ts'
import type { Tables } from '../../schema/index.ts'
import { openDatabase } from '../db/database.ts'
import { queueConformance, type QueueUnderTest } from './conformance.ts'
import { sqlQueue } from './sql.ts'

describe(`the queue on ${engineUnderTest}`, () => {
  for (const { title, run } of queueConformance) {
    test(title, () => withQueue(run))
  }
})

async function withQueue(run: (under: QueueUnderTest) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'norrix-queue-'))
  const database = await makeDatabase(folder)
  const db = openDatabase<Tables>(database.config)
  let at = 1_000_000
  const clock = { now: () => at, turn: (ms: number) => void (at += ms) }
  try {
    await db.migrate(migrations)
    await run({ db, queue: sqlQueue({ now: clock.now, bell: db.bell }), clock })
  } finally {
    await db.close()
    await database.drop()
    await rm(folder, { recursive: true })
  }
}
