import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { builds as operations } from '@norrix/contract/builds.operations'
import { Fault } from '@norrix/contract/fault'
import type { Build } from '@norrix/contract/types'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ana, startBuildRig, type BuildRig } from '../../../../../test/kit/build-rig.ts'
import { contextOf, digestOf, faultOf } from '../../../../../test/kit/operation-caller.ts'

let rig: BuildRig
beforeEach(async () => {
  rig = await startBuildRig()
})
afterEach(() => rig.stop())

const asking = { body: undefined, principal: ana, context: contextOf() }
type Filter = {
  limit?: number
  cursor?: string
  state?: Build['state']
  platform?: Build['platform']
}
const list = (orgId: string, { limit = 50, ...filter }: Filter = {}) =>
  rig.call(operations.list, { ...asking, params: { orgId }, query: { limit, ...filter } })
const download = (orgId: string, buildId: string, artifactId: string) =>
  rig.call(operations.download, {
    ...asking,
    params: { orgId, buildId, artifactId },
    query: undefined,
  })

async function keptFiles(): Promise<number> {
  const entries = await readdir(rig.blobFolder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).length
}

describe('a source', () => {
  test('that is larger than allowed, or not the bytes announced, is refused and not kept', async () => {
    expect(await faultOf(rig.uploadSource('org_1', randomBytes(100_001)))).toBe('too_large')
    const wrong = rig.uploadSource('org_1', randomBytes(10), { sha256: digestOf(randomBytes(10)) })
    expect(await faultOf(wrong)).toBe('checksum_mismatch')
    expect(await keptFiles()).toBe(0)
  })

  test('whose key was revoked while it came in is refused at commit and not kept', async () => {
    let isRevoked = false
    const bytes = randomBytes(5000)
    const slow = Readable.from(
      (async function* () {
        yield bytes.subarray(0, 1000)
        isRevoked = true
        yield bytes.subarray(1000)
      })(),
    )
    const confirm = async () => {
      if (isRevoked) throw new Fault('key_revoked', { message: 'Revoked.' })
    }
    const upload = rig.uploadSource('org_1', slow, { sha256: digestOf(bytes), confirm })
    expect(await faultOf(upload)).toBe('key_revoked')
    expect(await keptFiles()).toBe(0)
    expect(await rig.db.kysely.selectFrom('sources').selectAll().execute()).toEqual([])
  })

  test("of another organization cannot be built from: it is 'not found'", async () => {
    const source = await rig.uploadSource('org_1', randomBytes(10))
    const build = await rig.queueBuild('org_1')
    const { platform, buildType, project, plan } = build
    const body = { platform, buildType, project, plan, sourceId: source.id, waitForRunner: true }
    const create = (orgId: string) =>
      rig.call(operations.create, { ...asking, params: { orgId }, query: undefined, body })
    expect(await faultOf(create('org_2'))).toBe('not_found')
    expect((await create('org_1')).state).toBe('queued')
  })
})

describe('a build', () => {
  test('for a platform that no runner was ever registered for is refused at once, unless told to wait', async () => {
    await rig.startRunner('org_1', ['android'])
    await rig.startRunner('org_2', ['ios'])
    const queue = (waitForRunner: boolean) =>
      rig.queueBuild('org_1', { platform: 'ios', waitForRunner })
    expect(await faultOf(queue(false))).toBe('no_runner')
    expect((await list('org_1')).items).toEqual([])
    expect((await queue(true)).state).toBe('queued')
  })

  test('is queued where a runner for it is registered, though it is offline', async () => {
    await rig.startRunner('org_1', ['android'])
    rig.turn(3_600_000)
    expect((await rig.queueBuild('org_1', { waitForRunner: false })).state).toBe('queued')
  })

  test('has an address of its own, and the audit says who queued it', async () => {
    const build = await rig.queueBuild()
    expect(build.url).toBe(`https://norrix.example.com/b/${build.id.slice('build_'.length)}`)
    const [event] = await rig.db.kysely.selectFrom('audit_events').selectAll().execute()
    expect(event).toMatchObject({
      action: 'builds.create',
      actor_kind: 'session',
      actor_name: 'ana@example.com',
      org_id: 'org_1',
      subject_id: build.id,
    })
  })

  test('of another organization is not found, by whatever operation', async () => {
    const runner = await rig.startRunner('org_1')
    const build = await rig.queueBuild('org_1')
    const lease = await runner.take()
    const artifact = lease && (await rig.under(lease).upload('app.apk', randomBytes(10)))
    const foreign = { id: build.id, orgId: 'org_2' }
    expect(await faultOf(rig.show(foreign))).toBe('not_found')
    expect(await faultOf(rig.cancel(foreign))).toBe('not_found')
    expect(await faultOf(rig.follow(foreign))).toBe('not_found')
    expect(await faultOf(download('org_2', build.id, artifact?.id ?? ''))).toBe('not_found')
    expect((await list('org_2')).items).toEqual([])
    expect((await rig.show(build)).cancelRequested).toBe(false)
  })

  test('appears once in the pages of the list, newest first, though others come meanwhile', async () => {
    const made: string[] = []
    for (let n = 0; n < 5; n += 1) {
      made.unshift((await rig.queueBuild()).id)
      // Two of the same millisecond must not hide each other: only every other one gets a moment of its own.
      if (n % 2) rig.turn(5)
    }
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await list('org_1', { limit: 2, ...(cursor ? { cursor } : {}) })
      seen.push(...page.items.map((build) => build.id))
      cursor = page.next ?? undefined
      rig.turn(5)
      await rig.queueBuild()
    } while (cursor)
    expect(seen.toSorted()).toEqual(made.toSorted())
  })

  test('is found by its platform and state', async () => {
    const ios = await rig.queueBuild('org_1', { platform: 'ios' })
    const android = await rig.queueBuild('org_1', { platform: 'android' })
    await rig.cancel(android)
    const ids = async (filter: Filter) =>
      (await list('org_1', filter)).items.map((build) => build.id)
    expect(await ids({ platform: 'ios' })).toEqual([ios.id])
    expect(await ids({ state: 'cancelled' })).toEqual([android.id])
    expect(await ids({ state: 'cancelled', platform: 'ios' })).toEqual([])
  })
})

describe('an artifact', () => {
  test('comes down byte for byte, and never as a type that a browser would run', async () => {
    const runner = await rig.startRunner('org_1')
    const build = await rig.queueBuild()
    const lease = await runner.take()
    const page = Buffer.from('<script>alert(document.cookie)</script>')
    const artifact = lease && (await rig.under(lease).upload('page.html', page))
    const reply = await download('org_1', build.id, artifact?.id ?? '')
    expect((await buffer(reply.stream)).equals(page)).toBe(true)
    expect(reply).toMatchObject({
      sizeBytes: page.length,
      fileName: 'page.html',
      contentType: 'application/octet-stream',
    })
  })
})
