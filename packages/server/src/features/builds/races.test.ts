// What happens to one build at the same moment. On SQLite there is one writer; PostgreSQL has to be held to the same.
import { randomBytes } from 'node:crypto'
import { Fault } from '@norrix/contract/fault'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startBuildRig, type BuildRig } from '../../../../../test/kit/build-rig.ts'
import { engineUnderTest } from '../../../../../test/kit/test-database.ts'
import { createLog } from '../../kernel/log.ts'
import { sqlQueue } from '../../kernel/queue/sql.ts'
import { heldBuild } from './leases.ts'
import { insertArtifact } from './store.ts'

let rig: BuildRig
beforeEach(async () => {
  rig = await startBuildRig()
})
afterEach(() => rig.stop())

/** What a runner may be told; anything else is a failure of the server's own. */
const refusals = ['lease_lost', 'conflict']

async function settled(work: readonly Promise<unknown>[]): Promise<string[]> {
  const results = await Promise.allSettled(work)
  return results.map((result) => {
    if (result.status === 'fulfilled') return 'done'
    const error: unknown = result.reason
    return error instanceof Fault ? error.code : String(error)
  })
}

test('an artifact that is written while its lease is lost goes with the attempt it was of', async () => {
  const [first, second] = [await rig.startRunner('org_1'), await rig.startRunner('org_1')]
  const build = await rig.queueBuild()
  const lease = await first.take()
  const token = lease?.token ?? ''
  const principal = await rig.builds.authenticateLease({ kind: 'lease-token', token }, facts)
  const effects = { now: Date.now, random: randomBytes, log: createLog(() => undefined) }
  const queue = sqlQueue({ now: Date.now, bell: rig.db.bell })
  let taking: Promise<unknown> = Promise.resolve()
  await rig.db.transaction(async (tx) => {
    await heldBuild({ effects, queue }, tx, principal)
    rig.turn(60_001)
    taking = second.take()
    // Long enough for a take that does not wait, or turn away, to be over.
    await new Promise((resolve) => setTimeout(resolve, 300))
    await insertArtifact(tx, { ...artifact, build_id: build.id })
  })
  const taken = (await taking) ?? (await second.take())
  expect(taken).toMatchObject({ build: { id: build.id }, number: 2 })
  expect((await rig.show(build)).artifacts).toEqual([])
})

const facts = { address: '127.0.0.1', agent: 'test' }
const artifact = {
  id: 'art_1',
  name: 'app.apk',
  blob: 'none',
  size_bytes: 1,
  sha256: 'none',
  content_type: 'application/zip',
  signer: null,
  stand_in: 0,
  created_at: 1,
}

test('whatever comes at once for one build, it ends once and nobody waits in a circle', async () => {
  const runners = await Promise.all([1, 2, 3].map(() => rig.startRunner('org_1')))
  const builds = await Promise.all([1, 2, 3, 4, 5, 6].map(() => rig.queueBuild()))
  const leases = (await Promise.all([...runners, ...runners].map(({ take }) => take()))).flatMap(
    (lease) => (lease ? [lease] : []),
  )
  expect(leases).toHaveLength(6)
  const work = leases.flatMap((lease, index) => {
    const under = rig.under(lease)
    return [
      under.log(0, 'building\n'),
      under.heartbeat(),
      under.upload('app.apk', randomBytes(1000)),
      ...(index % 2 ? [rig.cancel({ id: lease.build.id, orgId: 'org_1' })] : []),
      under.finish('succeeded'),
      under.finish('succeeded'),
      under.heartbeat(),
      rig.builds.sweeper.sweep(),
    ]
  })
  const outcomes = await settled(work)
  expect(outcomes.filter((each) => each !== 'done' && !refusals.includes(each))).toEqual([])
  for (const build of builds) expect((await rig.show(build)).state).toMatch(/succeeded|failed/)
  if (engineUnderTest === 'postgres') {
    const found = await sql<{ deadlocks: number }>`
      select deadlocks from pg_stat_database where datname = current_database()`.execute(
      rig.db.kysely,
    )
    expect(found.rows).toEqual([{ deadlocks: 0 }])
  }
})
