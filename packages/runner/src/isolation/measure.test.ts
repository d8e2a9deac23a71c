import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Isolation } from './isolation.ts'
import { noLevel, usernsLevel } from './levels.ts'
import { measureIsolation, tryLevel } from './measure.ts'
import { findNode } from './node-for-builds.ts'
import { planView } from './private-view.ts'
import { claimUnusedUid } from './unused-uid.ts'

const isRoot = process.getuid?.() === 0
const isLinux = process.platform === 'linux'
const hasUserns = isLinux && spawnSync('unshare', ['-Urm', 'true']).status === 0

// Not in /tmp: a cover of the whole of it would hide a leak in the covers that are measured.
const folder = isRoot && existsSync('/srv') ? '/srv' : homedir()
let scratch = ''
beforeEach(() => void (scratch = mkdtempSync(path.join(folder, '.norrix-measure-'))))
afterEach(() => rmSync(scratch, { recursive: true, force: true }))

async function level(make: typeof noLevel): Promise<Isolation> {
  return make({ hidden: [], node: await findNode(scratch, 'owner') })
}

test('none is only the answer where the caller allows it', async () => {
  const options = { hidden: [], scratch, wanted: 'none' } as const
  await expect(measureIsolation({ ...options, allowNone: false })).rejects.toThrow(
    /cannot be kept apart.*not allowed/,
  )
  const { report } = await measureIsolation({ ...options, allowNone: true })
  expect(report.level).toBe('none')
})

test.skipIf(!isLinux)('a level that keeps nothing apart is found out', async () => {
  const verdict = await tryLevel(await level(noLevel), scratch)
  expect(verdict.works).toBe(false)
  expect(verdict.why).toMatch(/a hidden folder, another build's folder, the runner's environment/)
})

test.skipIf(!hasUserns)(
  'covers that a build can unmount are found out: userns without dropping its privileges',
  async () => {
    const sound = await level(usernsLevel)
    expect(await tryLevel(sound, scratch)).toMatchObject({ works: true })
    const leaky: Isolation = {
      ...sound,
      command: (argv, options) => {
        const plan = sound.command(argv, options)
        const dropped = ['--no-new-privs', '--bounding-set=-all']
        return { ...plan, args: plan.args.filter((arg) => !dropped.includes(arg)) }
      },
    }
    const verdict = await tryLevel(leaky, scratch)
    expect(verdict.works).toBe(false)
    expect(verdict.why).toMatch(/could read a hidden folder/)
  },
)

test.skipIf(!isLinux)(
  'the best level that works is chosen, every one tried is told, and nothing is left behind',
  async () => {
    const { isolation, report } = await measureIsolation({ hidden: [], scratch, allowNone: true })
    expect(report.tried.at(-1)).toMatchObject({ level: report.level, works: true })
    expect(report.tried.slice(0, -1).every((one) => !one.works && one.why !== '')).toBe(true)
    expect(isolation.level).toBe(report.level)
    if (isRoot) expect(report.level).toBe('uid')
    expect(readdirSync(scratch).filter((name) => name.startsWith('measure-'))).toEqual([])
  },
)

test.skipIf(!isRoot || !isLinux)(
  'two builds never get the same user id, and one that is given back is used again',
  async () => {
    const [one, two] = [await claimUnusedUid(), await claimUnusedUid()]
    expect(one.uid).not.toBe(two.uid)
    // Builds of other tests take and give back at the same time: the lowest free one is taken, sooner or later.
    let again = one
    for (let time = 0; time < 20 && (time === 0 || again.uid > one.uid); time += 1) {
      await again.give()
      again = await claimUnusedUid()
    }
    expect(again.uid).toBeLessThanOrEqual(one.uid)
    await Promise.all([two.give(), again.give()])
  },
)

test.skipIf(!isRoot || !isLinux)(
  'a folder that only root may enter (a clone under 0700) does not bar the build from its tools',
  async () => {
    const barred = path.join(scratch, 'barred')
    mkdirSync(path.join(barred, 'clone', 'scratch'), { recursive: true })
    chmodSync(barred, 0o700)
    const { report } = await measureIsolation({
      hidden: [barred],
      scratch: path.join(barred, 'clone', 'scratch'),
      allowNone: false,
      wanted: 'uid',
    })
    expect(report.level).toBe('uid')
  },
)

test('what is hidden and needed at once is refused', () => {
  const folders = ['home', 'sdk'].map((name) => path.join(scratch, name))
  for (const folder of folders) mkdirSync(folder)
  const [workspace = '', sdk = ''] = folders
  const options = { workspace, directory: workspace, env: {} }
  expect(() => planView({ ...options, hidden: [sdk], readable: [sdk] }, 'owner')).toThrow(
    /both hidden .* and needed/,
  )
  expect(() => planView({ ...options, hidden: ['/'], readable: [] }, 'owner')).toThrow(
    /both hidden .* and needed/,
  )
})

test.skipIf(!isLinux)('a secret place inside of a readable one stays covered', () => {
  const [workspace, sdk, secret] = ['work/mine', 'sdk', 'sdk/secret'].map((name) =>
    path.join(scratch, name),
  )
  if (!workspace || !sdk || !secret) throw new Error('three folders')
  for (const folder of [workspace, secret]) mkdirSync(folder, { recursive: true })
  const steps = planView(
    { workspace, directory: workspace, env: {}, hidden: [secret], readable: [sdk] },
    'owner',
  )
  const order = steps.map((step) => `${step.kind} ${step.path}`)
  expect(order.indexOf(`cover ${secret}`)).toBeGreaterThan(order.indexOf(`keep ${sdk}`))
  expect(order.indexOf(`keep ${workspace}`)).toBeGreaterThan(
    order.indexOf(`cover ${path.dirname(workspace)}`),
  )
})
