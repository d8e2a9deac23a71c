import { join } from 'node:path'
import { bearer } from '../kit/people.ts'
import { queueBuild } from '../kit/queue-build.ts'
import { recordAnswer, startFloor } from './floor.ts'
import { connections, startLoad, type Load } from './load.ts'
import { processorMs, residentMb } from './process-figures.ts'
import { requestsSection, type Sample, type Target } from './requests-section.ts'
import { inRounds } from './rounds.ts'
import { figure } from './section.ts'
import { seedKeys, type SeededKeys } from './seed-keys.ts'
import { scratchFolder, serve } from './served.ts'
import { startStores, type Store } from './stores.ts'
import type { Table } from './table.ts'

const builds = 50
const floors = {
  keyCheck: 'raw `node:http`, the same bytes as a key check',
  buildList: 'raw `node:http`, the same bytes as a build list',
}

type Stops = (() => unknown)[]
type Running = Awaited<ReturnType<typeof serve>>

/** Requests under load: the check of an API key among few and many, and a list. */
export const requests: Table = async ({ isQuick }) => {
  const counts = isQuick ? [10, 1000] : [10, 10_000, 1_000_000]
  const [rounds, seconds] = isQuick ? [2, 1] : [5, 3]
  const stops: Stops = []
  try {
    const ours = await startOurs(counts, stops)
    const targets = await withFloors(ours, stops)
    const load = await startLoad()
    stops.push(() => load.stop())
    const contenders = targets.map((target) => ({
      name: target.name,
      measure: () => measure(load, target, seconds),
    }))
    // Once unmeasured, until everything is compiled.
    await inRounds(1, contenders)
    const samples = await inRounds(rounds, contenders)
    const said = `${rounds} rounds of ${seconds} s, ${connections} connections.`
    return requestsSection(targets, samples, said)
  } finally {
    for (const stop of stops.toReversed()) await stop()
  }
}

/** A server for each engine and number of keys. */
async function startOurs(counts: readonly number[], stops: Stops): Promise<Target[]> {
  const scratch = scratchFolder()
  stops.push(() => scratch.remove())
  const targets: Target[] = []
  for (const store of await startStores()) {
    stops.push(() => store.stop())
    for (const count of counts) {
      const folder = join(scratch.path, `${store.name}-${count}`)
      const database = await store.make(folder)
      const keys = await seedKeys(folder, database, count)
      const server = await serve(folder, database)
      stops.push(() => server.stop())
      targets.push(keyCheck(store, server, keys, count))
      if (count === counts[0]) targets.push(await buildList(store, server, keys))
    }
  }
  return targets
}

function keyCheck(store: Store, server: Running, { secrets }: SeededKeys, count: number): Target {
  return {
    name: `key check, ${store.name}, ${figure(count)} keys`,
    url: `${server.url}/api/whoami`,
    pid: server.pid,
    credentials: secrets,
    databaseMs: () => store.processorMs(),
    floor: floors.keyCheck,
    aim: store.keyCheckAim,
  }
}

async function buildList(
  store: Store,
  server: Running,
  { orgId, secrets }: SeededKeys,
): Promise<Target> {
  const client = bearer(server.url, secrets[0] ?? '')
  for (let count = 0; count < builds; count++) {
    await queueBuild(client, orgId, { source: Buffer.from(`${count}`), waitForRunner: true })
  }
  return {
    name: `build list, ${store.name}, ${builds} on the page`,
    url: `${server.url}/api/orgs/${orgId}/builds?limit=${builds}`,
    pid: server.pid,
    credentials: secrets,
    databaseMs: () => store.processorMs(),
    floor: floors.buildList,
  }
}

/** Before each kind of row the server that answers the same and does nothing for it. */
async function withFloors(ours: readonly Target[], stops: Stops): Promise<Target[]> {
  const targets: Target[] = []
  for (const name of Object.values(floors)) {
    const rows = ours.filter(({ floor }) => floor === name)
    const [first] = rows
    if (!first) continue
    const { credentials } = first
    const answer = await recordAnswer(first.url, credentials[0] ?? '')
    const { url, pid, stop } = await startFloor({ '/': answer })
    stops.push(stop)
    targets.push({ name, url, pid, credentials, databaseMs: () => 0 }, ...rows)
  }
  return targets
}

async function measure(load: Load, target: Target, seconds: number): Promise<Sample> {
  const { url, pid, credentials, databaseMs } = target
  const before = { server: processorMs(pid), database: databaseMs() }
  const result = await load.run({ url, credentials, seconds })
  const microsOf = (ms: number): number => (ms / result.requests) * 1000
  return {
    perSecond: result.requests / result.seconds,
    serverMicros: microsOf(processorMs(pid) - before.server),
    databaseMicros: microsOf(databaseMs() - before.database),
    p99Ms: result.p99Ms,
    residentMb: residentMb(pid),
  }
}
