import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase, type Database, type Db } from '@norrix/server/kernel/db/database'
import { hashToken } from '@norrix/server/kernel/secrets'
import type { Tables } from '@norrix/server/schema/index'
import { migrations } from '@norrix/server/schema/migrations/index'
import { orgId } from './server.ts'

/** A database for one run after the other. In memory where the machine has a place for it. */
export interface Ground {
  readonly db: Database<Tables>
  readonly file: string
  /** Leaves one organization and its runners, as before the first run. */
  clear(): Promise<void>
  remove(): Promise<void>
}

export const runnersMax = 3
export const runnerOf = (n: number): { id: string; token: string } => ({
  id: `run_${n}`,
  token: `nrr_simulated${n}`,
})

export async function prepareGround(): Promise<Ground> {
  const inMemory = '/dev/shm'
  const parent = existsSync(inMemory) ? inMemory : tmpdir()
  const folder = mkdtempSync(join(parent, 'norrix-simulation-'))
  const file = join(folder, 'norrix.db')
  const db = openDatabase<Tables>({ kind: 'sqlite', file })
  await db.migrate(migrations)
  await db.kysely.insertInto('orgs').values({ id: orgId, name: 'Acme', created_at: 1 }).execute()
  return {
    db,
    file,
    clear: () => db.transaction(clear),
    async remove() {
      await db.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function clear(tx: Db<Tables>): Promise<void> {
  // In the order in which they refer to each other.
  const tables = ['jobs', 'leases', 'build_log', 'artifacts', 'builds', 'sources'] as const
  for (const table of [...tables, 'runners', 'audit_events'] as const) {
    await tx.deleteFrom(table).execute()
  }
  for (let n = 0; n < runnersMax; n += 1) {
    const { id, token } = runnerOf(n)
    const named = {
      id,
      org_id: orgId,
      name: `runner ${n}`,
      token_hash: hashToken(token),
    }
    await tx
      .insertInto('runners')
      .values({ ...named, platforms: '', created_at: 1 })
      .execute()
  }
}
