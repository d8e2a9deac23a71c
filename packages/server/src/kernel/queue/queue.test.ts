import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { migrations } from '../../schema/migrations/index.ts'
import type { Tables } from '../../schema/index.ts'
import { openDatabase } from '../db/database.ts'
import { queueConformance, type QueueUnderTest } from './conformance.ts'
import { sqliteQueue } from './sqlite.ts'

describe('the queue on SQLite', () => {
  for (const { title, run } of queueConformance) {
    test(title, () => withSqlite(run))
  }
})

async function withSqlite(run: (under: QueueUnderTest) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'norrix-queue-'))
  const db = openDatabase<Tables>({ kind: 'sqlite', file: join(folder, 'norrix.db') })
  let at = 1_000_000
  const clock = { now: () => at, turn: (ms: number) => void (at += ms) }
  try {
    await db.migrate(migrations)
    await run({ db, queue: sqliteQueue(clock), clock })
  } finally {
    await db.close()
    await rm(folder, { recursive: true })
  }
}
