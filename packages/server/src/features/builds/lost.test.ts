import { randomBytes } from 'node:crypto'
import type { Lease } from '@norrix/contract/types'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startBuildRig, type BuildRig } from '../../../../../test/kit/build-rig.ts'
import { allOf, faultOf } from '../../../../../test/kit/operation-caller.ts'

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

describe('a lost lease', () => {
  test('a stale lease’s report changes nothing', async () => {
    const runner = await rig.startRunner('org_1')
    const build = await rig.queueBuild()
    const stale = await taken(runner)
    rig.turn(61_000)
    const newest = await taken(runner)
    expect(newest.number).toBe(stale.number + 1)
    const before = await rig.show(build)
    const late = rig.under(stale)
    for (const attempt of [
      () => late.finish('succeeded'),
      () => late.log(0, 'late\n'),
      () => late.upload('late.apk', randomBytes(10)),
      () => late.heartbeat(),
      () => late.source(),
    ]) {
      expect(await faultOf(attempt())).toBe('lease_lost')
    }
    await rig.builds.sweeper.sweep()
    expect(await rig.show(build)).toEqual(before)
    await rig.under(newest).upload('app.apk', randomBytes(10))
    expect(await rig.under(newest).finish('succeeded')).toEqual({ state: 'succeeded' })
    expect(await faultOf(late.finish('failed'))).toBe('lease_lost')
    expect((await rig.show(build)).state).toBe('succeeded')
  })

  test('a stale lease stays lost though the clock goes back to before its end', async () => {
    const runner = await rig.startRunner('org_1')
    const build = await rig.queueBuild()
    const stale = rig.under(await taken(runner))
    rig.turn(61_000)
    await taken(runner)
    rig.turn(-61_000)
    const before = await rig.show(build)
    const { finish, log, upload, heartbeat } = stale
    for (const late of [
      () => log(0, 'late'),
      () => upload('a', randomBytes(1)),
      heartbeat,
      () => finish('failed'),
    ]) {
      expect(await faultOf(late())).toBe('lease_lost')
    }
    expect(await rig.show(build)).toEqual(before)
  })

  test('a lease that is renewed is not lost, however long it lasts', async () => {
    const runner = await rig.startRunner('org_1')
    const build = await rig.queueBuild()
    const lease = await taken(runner)
    for (let minute = 0; minute < 10; minute += 1) {
      rig.turn(50_000)
      await rig.under(lease).heartbeat()
      expect(await rig.builds.sweeper.sweep()).toBe(0)
    }
    expect(await rig.show(build)).toMatchObject({ state: 'running', attempts: 1 })
  })

  test('its build is queued again, keeps the log and not the artifacts, and is finished by the next runner', async () => {
    const first = await rig.startRunner('org_1')
    const build = await rig.queueBuild()
    const lost = await taken(first)
    await rig.under(lost).log(0, 'half a li')
    await rig.under(lost).upload('old.apk', randomBytes(10))
    rig.turn(61_000)
    expect(await rig.builds.sweeper.sweep()).toBe(1)
    expect(await rig.show(build)).toMatchObject({ state: 'queued', startedAt: null, artifacts: [] })
    const next = await taken(await rig.startRunner('org_1'))
    await rig.under(next).log(next.logOffset, 'whole line\n')
    await rig.under(next).upload('new.apk', randomBytes(10))
    await rig.under(next).finish('succeeded')
    const events = await allOf(await rig.follow(build))
    const log = events.map((event) => (event.type === 'log' ? event.text : '')).join('')
    expect(log).toBe(
      'half a li\n' +
        '[norrix] The runner mac-mini was lost in attempt 1 of 3. The build is queued again.\n' +
        '[norrix] Attempt 2, on mac-mini.\n' +
        'whole line\n',
    )
    const { artifacts, attempts } = await rig.show(build)
    expect({ names: artifacts.map(({ name }) => name), attempts }).toEqual({
      names: ['new.apk'],
      attempts: 2,
    })
  })

  test.for(['the sweeper', 'the next asker'])(
    'a build that loses its runner three times fails with runner_lost, seen by %s',
    async (by) => {
      const runner = await rig.startRunner('org_1')
      const build = await rig.queueBuild()
      for (let attempt = 0; attempt < 3; attempt += 1) {
        await taken(runner)
        rig.turn(61_000)
        if (by === 'the sweeper') await rig.builds.sweeper.sweep()
      }
      expect(await runner.take()).toBe(null)
      const failed = await rig.show(build)
      expect(failed).toMatchObject({
        state: 'failed',
        attempts: 3,
        failure: { code: 'runner_lost' },
      })
      expect(failed.finishedAt).not.toBe(null)
      await rig.builds.sweeper.sweep()
      expect(await rig.show(build)).toEqual(failed)
    },
  )

  test('the sweeper finds it by itself, and the log names the build and no token', async () => {
    const runner = await rig.startRunner('org_1')
    const build = await rig.queueBuild()
    const lease = await taken(runner)
    rig.turn(61_000)
    rig.builds.sweeper.start()
    await expect.poll(async () => (await rig.show(build)).state).toBe('queued')
    await rig.builds.sweeper.stop()
    const logged = rig.lines.join('')
    expect(logged).toContain('"event":"lease.lost"')
    expect(logged).not.toContain(lease.token)
  })
})
