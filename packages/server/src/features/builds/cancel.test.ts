import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ana, startBuildRig, type BuildRig } from '../../../../../test/kit/build-rig.ts'
import { contextOf, faultOf } from '../../../../../test/kit/operation-caller.ts'

let rig: BuildRig
beforeEach(async () => {
  rig = await startBuildRig()
})
afterEach(() => rig.stop())

describe('cancelling', () => {
  test('a cancelled queued build is never leased', async () => {
    const runner = await rig.startRunner('org_1')
    const build = await rig.queueBuild()
    expect(await rig.cancel(build)).toMatchObject({ state: 'cancelled', attempts: 0 })
    expect(await runner.take()).toBe(null)
  })

  test('a running build is told by heartbeat, and ends cancelled when its runner says so', async () => {
    const runner = await rig.startRunner('org_1')
    const build = await rig.queueBuild()
    const lease = await runner.take()
    if (!lease) throw new Error('no lease')
    expect(await rig.under(lease).heartbeat()).toMatchObject({ cancelled: false })
    expect(await rig.cancel(build)).toMatchObject({ state: 'running', cancelRequested: true })
    expect(await rig.under(lease).heartbeat()).toMatchObject({ cancelled: true })
    await rig.under(lease).finish('cancelled', null)
    expect(await rig.show(build)).toMatchObject({ state: 'cancelled', failure: null })
  })

  test('a running build whose runner vanishes is cancelled, not queued again', async () => {
    const runner = await rig.startRunner('org_1')
    const build = await rig.queueBuild()
    await runner.take()
    await rig.cancel(build)
    rig.turn(61_000)
    await rig.builds.sweeper.sweep()
    expect(await rig.show(build)).toMatchObject({ state: 'cancelled' })
    expect(await runner.take()).toBe(null)
  })

  test('a build whose lease has just run out is cancelled at once', async () => {
    const runner = await rig.startRunner('org_1')
    const build = await rig.queueBuild()
    const lease = await runner.take()
    rig.turn(61_000)
    expect(await rig.cancel(build)).toMatchObject({ state: 'cancelled' })
    await rig.builds.sweeper.sweep()
    expect(lease && (await faultOf(rig.under(lease).finish('succeeded')))).toBe('lease_lost')
    expect(await rig.show(build)).toMatchObject({ state: 'cancelled', attempts: 1 })
  })

  test('twice, or after the end, changes nothing and is recorded once', async () => {
    const build = await rig.queueBuild()
    const first = await rig.cancel(build)
    rig.turn(1000)
    expect(await rig.cancel(build)).toEqual(first)
    const actions = await rig.db.kysely.selectFrom('audit_events').select('action').execute()
    expect(actions.filter(({ action }) => action === 'builds.cancel')).toHaveLength(1)
  })

  test('again, when the runner that was asked is lost, ends the build at once and is recorded once', async () => {
    const runner = await rig.startRunner('org_1')
    const build = await rig.queueBuild()
    await runner.take()
    expect(await rig.cancel(build)).toMatchObject({ state: 'running' })
    rig.turn(61_000)
    expect(await rig.cancel(build)).toMatchObject({ state: 'cancelled' })
    const actions = await rig.db.kysely.selectFrom('audit_events').select('action').execute()
    expect(actions.filter(({ action }) => action === 'builds.cancel')).toHaveLength(1)
  })

  test("with a key's revocation cancels what the key queued and has not ended, and nothing else", async () => {
    const key = await insertKey()
    const runner = await rig.startRunner('org_1')
    const running = await rig.queueBuild('org_1', { principal: key })
    await runner.take()
    const queued = await rig.queueBuild('org_1', { principal: key })
    const anas = await rig.queueBuild('org_1')
    expect(queued.queuedBy).toEqual({ kind: 'key', name: 'GitHub Actions', keyRevoked: false })
    const count = await rig.db.transaction(async (tx) => {
      await tx.updateTable('api_keys').set({ revoked_at: 5 }).where('id', '=', key.keyId).execute()
      return rig.builds.cancelBuildsOf(tx, key.keyId, { principal: ana, context: contextOf() })
    })
    expect(count).toBe(2)
    expect(await rig.show(running)).toMatchObject({ state: 'running', cancelRequested: true })
    expect(await rig.show(queued)).toMatchObject({
      state: 'cancelled',
      queuedBy: { keyRevoked: true },
    })
    expect(await rig.show(anas)).toMatchObject({ state: 'queued', cancelRequested: false })
  })
})

async function insertKey() {
  const row = {
    id: 'key_1',
    org_id: 'org_1',
    name: 'GitHub Actions',
    start: 'nrx_start',
    secret_hash: 'hash',
    scopes: 'build',
    created_by: 'user_ana',
    created_by_name: 'ana@example.com',
    created_at: 1,
  }
  await rig.db.kysely.insertInto('api_keys').values(row).execute()
  const principal = { kind: 'key', keyId: 'key_1', orgId: 'org_1', name: 'GitHub Actions' } as const
  const org = { name: 'org_1', createdAt: 1 }
  return { ...principal, org, start: 'nrx_start', scopes: ['build'], expiresAt: null } as const
}
