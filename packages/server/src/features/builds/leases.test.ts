import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Lease } from '@norrix/contract/types'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startBuildRig, type BuildRig } from '../../../../../test/kit/build-rig.ts'
import { digestOf, faultOf } from '../../../../../test/kit/operation-caller.ts'

let rig: BuildRig
beforeEach(async () => {
  rig = await startBuildRig()
})
afterEach(() => rig.stop())

type Runner = Awaited<ReturnType<BuildRig['startRunner']>>

async function taken(runner: Runner): Promise<Lease> {
  const lease = await runner.take()
  if (!lease) throw new Error('There was no build to take.')
  return lease
}

describe('taking', () => {
  test('two runners never hold one build', async () => {
    const runners = await Promise.all([1, 2, 3, 4].map(() => rig.startRunner('org_1')))
    const made = [await rig.queueBuild(), await rig.queueBuild(), await rig.queueBuild()]
    const leases = await Promise.all(runners.flatMap((runner) => [runner.take(), runner.take()]))
    const held = leases.flatMap((lease) => (lease ? [lease.build.id] : []))
    expect(held.toSorted()).toEqual(made.map((build) => build.id).toSorted())
  })

  test('a build starts under a lease that says all the runner needs, and shows who has it', async () => {
    const runner = await rig.startRunner('org_1')
    const build = await rig.queueBuild()
    const lease = await taken(runner)
    expect(lease).toMatchObject({
      number: 1,
      logOffset: 0,
      build: { id: build.id, plan: build.plan },
    })
    expect(await rig.show(build)).toMatchObject({
      state: 'running',
      attempts: 1,
      runner: { id: runner.id, name: 'mac-mini', isolation: 'uid' },
    })
    const source = await rig.under(lease).source()
    expect(digestOf(await buffer(source.stream))).toBe(build.source.sha256)
  })

  test('an organization’s runner gets no build of another; the server’s gets both', async () => {
    const theirs = await rig.startRunner('org_2')
    const servers = await rig.startRunner(null)
    const build = await rig.queueBuild('org_1')
    expect(await theirs.take()).toBe(null)
    expect((await taken(servers)).build.id).toBe(build.id)
  })

  test('a runner gets no build for a platform that it did not name', async () => {
    const mac = await rig.startRunner('org_1', ['ios'])
    await rig.queueBuild('org_1', { platform: 'android' })
    expect(await mac.take()).toBe(null)
  })

  test('a runner that waits gets a build within half a second of its queueing', async () => {
    const runner = await rig.startRunner('org_1')
    const waiting = runner.take(20)
    await new Promise((resolve) => setTimeout(resolve, 50))
    const build = await rig.queueBuild()
    const queued = Date.now()
    expect((await waiting)?.build.id).toBe(build.id)
    expect(Date.now() - queued).toBeLessThan(500)
  })

  test('a runner that goes away while it waits takes nothing', async () => {
    const runner = await rig.startRunner('org_1')
    const gone = new AbortController()
    const waiting = runner.take(20, gone.signal)
    gone.abort()
    expect(await waiting).toBe(null)
    const build = await rig.queueBuild()
    expect(await rig.show(build)).toMatchObject({ state: 'queued' })
  })
})

describe('finishing', () => {
  test('the same report again gets the same answer; another one is refused and changes nothing', async () => {
    const runner = await rig.startRunner('org_1')
    const build = await rig.queueBuild()
    const lease = await taken(runner)
    await rig.under(lease).upload('app.apk', randomBytes(10))
    await rig.under(lease).finish('succeeded')
    const ended = await rig.show(build)
    rig.turn(1000)
    expect(await rig.under(lease).finish('succeeded')).toEqual({ state: 'succeeded' })
    expect(await faultOf(rig.under(lease).finish('failed', 1))).toBe('lease_lost')
    expect(await rig.show(build)).toEqual(ended)
  })

  test('ends the lease for everything else', async () => {
    const runner = await rig.startRunner('org_1')
    await rig.queueBuild()
    const lease = await taken(runner)
    const { finish, log, heartbeat, source, upload } = rig.under(lease)
    await finish('failed', 1)
    for (const late of [() => log(0, 'x'), heartbeat, source, () => upload('a', randomBytes(1))]) {
      expect(await faultOf(late())).toBe('lease_lost')
    }
  })

  test('what made no artifact did not succeed', async () => {
    const runner = await rig.startRunner('org_1')
    const build = await rig.queueBuild()
    const lease = await taken(runner)
    expect(await rig.under(lease).finish('succeeded')).toEqual({ state: 'failed' })
    expect(await rig.under(lease).finish('succeeded')).toEqual({ state: 'failed' })
    expect(await rig.show(build)).toMatchObject({
      state: 'failed',
      failure: { code: 'artifact_missing' },
    })
  })
})

describe('uploading an artifact', () => {
  test('the same bytes under the same name again are the same artifact, other bytes a conflict', async () => {
    const runner = await rig.startRunner('org_1')
    const build = await rig.queueBuild()
    const { upload } = rig.under(await taken(runner))
    const bytes = randomBytes(1000)
    const first = await upload('app.apk', bytes)
    expect(await upload('app.apk', bytes)).toEqual(first)
    expect(await faultOf(upload('app.apk', randomBytes(1000)))).toBe('conflict')
    expect((await rig.show(build)).artifacts).toEqual([first])
    // The source and the artifact; nothing of the other two.
    expect(await keptFiles()).toBe(2)
  })

  test('too much, or other bytes than announced, is refused and not kept', async () => {
    const runner = await rig.startRunner('org_1')
    const build = await rig.queueBuild()
    const { upload } = rig.under(await taken(runner))
    expect(await faultOf(upload('a', randomBytes(100_001)))).toBe('too_large')
    const wrong = upload('a', randomBytes(10), digestOf(randomBytes(10)))
    expect(await faultOf(wrong)).toBe('checksum_mismatch')
    expect((await rig.show(build)).artifacts).toEqual([])
    expect(await keptFiles()).toBe(1)
  })

  test('an upload whose lease runs out on the way is refused and not kept', async () => {
    const runner = await rig.startRunner('org_1')
    const build = await rig.queueBuild()
    const { upload } = rig.under(await taken(runner))
    const bytes = randomBytes(2000)
    const slow = Readable.from(
      (async function* () {
        yield bytes.subarray(0, 1000)
        rig.turn(61_000)
        yield bytes.subarray(1000)
      })(),
    )
    expect(await faultOf(upload('a', slow, digestOf(bytes)))).toBe('lease_lost')
    expect((await rig.show(build)).artifacts).toEqual([])
    expect(await keptFiles()).toBe(1)
  })
})

async function keptFiles(): Promise<number> {
  const entries = await readdir(rig.blobFolder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).length
}
