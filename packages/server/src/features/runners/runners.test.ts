import { runners as operations } from '@norrix/contract/runners.operations'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ana, startBuildRig, type BuildRig } from '../../../../../test/kit/build-rig.ts'
import { contextOf, faultOf } from '../../../../../test/kit/operation-caller.ts'

let rig: BuildRig
beforeEach(async () => {
  rig = await startBuildRig()
})
afterEach(() => rig.stop())

const asking = { body: undefined, principal: ana, context: contextOf() }
const list = (orgId: string) =>
  rig.call(operations.list, { ...asking, params: { orgId }, query: { limit: 50 } })
const remove = (orgId: string, runnerId: string) =>
  rig.call(operations.remove, { ...asking, params: { orgId, runnerId }, query: undefined })
const available = (orgId: string, platform: 'android' | 'ios') =>
  rig.call(operations.availability, { ...asking, params: { orgId }, query: { platform } })

describe('a runner', () => {
  test('its token is in the answer that makes it and nowhere after, not in the database either', async () => {
    const { token } = await rig.startRunner('org_1')
    expect(token).toMatch(/^nrr_/)
    const rows = await rig.db.kysely.selectFrom('runners').selectAll().execute()
    const audit = await rig.db.kysely.selectFrom('audit_events').selectAll().execute()
    expect(audit.map((event) => event.action)).toEqual(['runners.create'])
    expect(JSON.stringify([await list('org_1'), rows, audit, rig.lines])).not.toContain(token)
  })

  test('says hello once and is listed with what it can build, online', async () => {
    const { id } = await rig.startRunner('org_1', ['ios', 'visionos'])
    expect((await list('org_1')).items).toMatchObject([
      { id, owner: 'org', platforms: ['ios', 'visionos'], isolation: 'uid', online: true },
    ])
  })

  test('is offline when it was not seen for 45 s, and online again when it asks', async () => {
    const runner = await rig.startRunner('org_1')
    rig.turn(46_000)
    expect((await list('org_1')).items[0]?.online).toBe(false)
    expect(await available('org_1', 'android')).toMatchObject({ registered: 1, online: 0 })
    await runner.take()
    expect((await list('org_1')).items[0]?.online).toBe(true)
  })

  test('that runs a build stays online by its heartbeats', async () => {
    const runner = await rig.startRunner('org_1')
    await rig.queueBuild()
    const lease = await runner.take()
    for (let beat = 0; lease && beat < 3; beat += 1) {
      rig.turn(40_000)
      await rig.under(lease).heartbeat()
    }
    expect((await list('org_1')).items).toMatchObject([{ online: true, buildId: lease?.build.id }])
  })

  test('of one organization is neither seen nor removed by another', async () => {
    const { id, token } = await rig.startRunner('org_1')
    expect((await list('org_2')).items).toEqual([])
    expect(await available('org_2', 'android')).toMatchObject({ registered: 0, lastSeenAt: null })
    expect(await faultOf(remove('org_2', id))).toBe('not_found')
    expect(await faultOf(rig.runners.authenticate({ kind: 'runner-token', token }, facts))).toBe(
      undefined,
    )
  })

  test('that was removed is refused at the next request', async () => {
    const runner = await rig.startRunner('org_1')
    await remove('org_1', runner.id)
    expect(await faultOf(runner.take())).toBe('runner_unknown')
    expect(await faultOf(remove('org_1', runner.id))).toBe('not_found')
  })

  test('that is removed while it waits for work gets none', async () => {
    const runner = await rig.startRunner('org_1')
    const waiting = faultOf(runner.take(20))
    await new Promise((resolve) => setTimeout(resolve, 50))
    await remove('org_1', runner.id)
    const build = await rig.queueBuild()
    expect(await waiting).toBe('runner_unknown')
    expect(await rig.show(build)).toMatchObject({ state: 'queued', attempts: 0 })
  })

  test('that was removed loses its lease at once, and the build goes back to the queue', async () => {
    const runner = await rig.startRunner('org_1')
    const build = await rig.queueBuild()
    const lease = await runner.take()
    await remove('org_1', runner.id)
    expect(lease && (await faultOf(rig.under(lease).heartbeat()))).toBe('lease_lost')
    expect(await rig.builds.sweeper.sweep()).toBe(1)
    expect(await rig.show(build)).toMatchObject({ state: 'queued', runner: null })
  })
})

describe("the server's own runner", () => {
  test('gets a fresh token at each start, and the one before is dead; another server’s lives on', async () => {
    const neighbour = await rig.runners.ensureServerRunner('server_2')
    const before = await rig.runners.ensureServerRunner('server_1')
    const after = await rig.runners.ensureServerRunner('server_1')
    const look = (token: string) => rig.runners.authenticate({ kind: 'runner-token', token }, facts)
    expect(await faultOf(look(before.token))).toBe('runner_unknown')
    expect(await look(after.token)).toMatchObject({ kind: 'runner', orgId: null })
    expect(await look(neighbour.token)).toMatchObject({ kind: 'runner', orgId: null })
    expect((await list('org_1')).items).toHaveLength(2)
  })

  test('serves every organization and belongs to none: nobody removes it', async () => {
    const { id } = await rig.startRunner(null)
    for (const orgId of ['org_1', 'org_2']) {
      expect((await list(orgId)).items).toMatchObject([{ id, owner: 'server' }])
      expect(await available(orgId, 'android')).toMatchObject({ registered: 1, online: 1 })
      expect(await faultOf(remove(orgId, id))).toBe('not_found')
    }
  })

  test('shows an organization no build of another', async () => {
    const runner = await rig.startRunner(null)
    const build = await rig.queueBuild('org_1')
    await runner.take()
    expect((await list('org_1')).items[0]?.buildId).toBe(build.id)
    expect((await list('org_2')).items[0]?.buildId).toBe(null)
  })

  test('is not counted on by a server that runs none any more', async () => {
    await rig.startRunner(null)
    await rig.runners.retireServerRunner('server_1')
    expect(await available('org_1', 'android')).toMatchObject({ registered: 0 })
    const again = await rig.startRunner(null)
    expect(await available('org_1', 'android')).toMatchObject({ registered: 1 })
    expect((await list('org_1')).items).toMatchObject([{ id: again.id }])
  })
})

const facts = { address: '127.0.0.1', agent: 'test' }
