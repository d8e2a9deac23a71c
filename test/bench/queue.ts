import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { builds } from '@norrix/contract/builds.operations'
import { leases } from '@norrix/contract/leases.operations'
import { runners } from '@norrix/contract/runners.operations'
import { settleIn, type Resident } from '../kit/at-the-terminal.ts'
import { bearer } from '../kit/people.ts'
import { startFloor } from './floor.ts'
import { inRounds, type Contender } from './rounds.ts'
import { figure, judged, median, percentile, type Section } from './section.ts'
import { scratchFolder, serveUnclaimed, type Unclaimed } from './served.ts'
import { startStores } from './stores.ts'
import type { Table } from './table.ts'

/** From the queueing of a build, once asked for and once acknowledged, to the runner that has its lease. Milliseconds. */
interface Sample {
  readonly sinceAsked: number
  /** Below zero where the runner hears of it before the one who queued it. */
  readonly sinceAnswered: number
}

/** Long enough that the runner's asking has come to the server and waits there. */
const settleMs = 25

/** How long a build stays queued while a runner waits for one. */
export const queue: Table = async ({ isQuick }) => {
  const rounds = isQuick ? 10 : 200
  const scratch = scratchFolder()
  const stops: (() => unknown)[] = [() => scratch.remove()]
  try {
    const floor = await startFloor({})
    stops.push(() => floor.stop())
    const contenders: Contender<Sample>[] = [
      { name: 'raw `node:http`: one waits, one rings', measure: () => meet(floor.url) },
    ]
    for (const store of await startStores()) {
      stops.push(() => store.stop())
      const folder = join(scratch.path, store.name)
      const server = await serveUnclaimed(folder, await store.make(folder))
      stops.push(() => server.stop())
      contenders.push({ name: store.name, measure: await takes(server) })
    }
    // Unmeasured, until everything is loaded and compiled.
    await inRounds(5, contenders)
    return sectionOf(contenders, await inRounds(rounds, contenders), `${rounds} builds.`)
  } finally {
    for (const stop of stops.toReversed()) await stop()
  }
}

function meet(url: string): Promise<Sample> {
  const said = async (path: string): Promise<void> =>
    void (await (await fetch(url + path)).arrayBuffer())
  return timed(said('/wait'), () => said('/ring'))
}

/** A runner that waits, a person who queues. */
async function takes(server: Unclaimed): Promise<() => Promise<Sample>> {
  const person = await settleIn(server)
  const { orgId, client } = person
  const { token } = await client.call(runners.create, {
    params: { orgId },
    body: { name: 'bench' },
  })
  const runner = bearer(server.url, token)
  const body = { name: null, os: 'bench', version: '0', isolation: 'none' as const }
  await runner.call(leases.hello, { body: { ...body, platforms: ['android'] } })
  const create = await creating(person)
  return async () => {
    const taken = runner.call(leases.take, { body: { waitSeconds: 30 } })
    const sample = await timed(taken, create)
    const { lease } = await taken
    if (!lease) throw new Error('The runner got no build.')
    await bearer(server.url, lease.token).call(leases.finish, {
      params: { leaseId: lease.id },
      body: { outcome: 'failed', exitCode: 1, failure: null },
    })
    return sample
  }
}

async function creating({ client, orgId }: Resident): Promise<() => Promise<unknown>> {
  const source = Buffer.from('a packed project')
  const sha256 = createHash('sha256').update(source).digest('hex')
  const { id: sourceId } = await client.upload(builds.uploadSource, {
    params: { orgId },
    query: { sha256, files: 1 },
    bytes: { open: () => new Blob([source]), sizeBytes: source.length },
  })
  const project = { name: 'bench', version: '1.0.0', buildNumber: 1, bundleId: null }
  const plan = { backend: 'command' as const, command: 'make', artifacts: ['out/*'] }
  const build = { platform: 'android' as const, buildType: 'release' as const, project, plan }
  return () => client.call(builds.create, { params: { orgId }, body: { ...build, sourceId } })
}

async function timed(waiting: Promise<unknown>, ring: () => Promise<unknown>): Promise<Sample> {
  const heard = waiting.then(() => performance.now())
  await pause(settleMs)
  const asked = performance.now()
  await ring()
  const answered = performance.now()
  const taken = await heard
  return { sinceAsked: taken - asked, sinceAnswered: taken - answered }
}

function sectionOf(
  contenders: readonly Contender<Sample>[],
  samples: readonly (readonly Sample[])[],
  counts: string,
): Section {
  return {
    counts,
    header: ['', 'ms since asked, p50', 'p99', 'ms since answered, p50', 'p99', 'aim'],
    rows: contenders.map(({ name }, index) => {
      const all = samples[index] ?? []
      const asked = all.map(({ sinceAsked }) => sinceAsked)
      const answered = all.map(({ sinceAnswered }) => sinceAnswered)
      const verdict = judged(percentile(answered, 0.99), { atMost: 500, unit: ' ms' })
      return [
        name,
        figure(median(asked), 1),
        figure(percentile(asked, 0.99), 1),
        figure(median(answered), 1),
        figure(percentile(answered, 0.99), 1),
        index === 0 ? '' : verdict,
      ]
    }),
  }
}
