import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { settleIn, signedInHome, type Resident } from '../kit/at-the-terminal.ts'
import { addCommandRunner, type CommandRunner } from '../kit/command-runner.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { commandProject } from '../kit/project.ts'
import { runNorrix, startNorrixCommand, type Running } from '../kit/run-norrix.ts'

/**
 * Product ruling 19, by every way to say who builds and where: `norrix build ios release` on servers that have no runner of
 * their own, first with none, then with three that come up in mid-wait, then with the same ones stopped. A runner says what
 * it builds, so that an `.ipa` is made here by a command on any machine; on a Mac it would be Xcode's.
 */
const project = commandProject('mkdir out && echo ipa > out/hello.ipa', ['out/*.ipa'])
const named = ['under a session', 'under a key', 'with --org', 'with --dev'] as const
let norrix: Norrix
let home: { readonly path: string; remove(): void }
let runners: readonly CommandRunner[] = []
let ways: Readonly<Record<(typeof named)[number], Way>>
/** How far the servers' clock is ahead. */
let ahead = 0

interface Way {
  readonly words: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

beforeAll(async () => {
  norrix = await startNorrix({ kinds: ['prod', 'dev'], now: () => Date.now() + ahead })
  const [prod, dev] = [await settleIn(norrix.prod), await settleIn(norrix.dev)]
  const lab: Resident = { ...prod, orgId: (await prod.makeOrg('Nightly Lab')).id }
  home = await signedInHome(norrix.prod, norrix.dev)
  const chosen = await runNorrix(['orgs', 'select', prod.orgId], { home: home.path })
  if (chosen.code !== 0) throw new Error(chosen.stderr)
  const { secret } = await prod.makeKey(['build'])
  ways = {
    'under a session': { words: [] },
    'under a key': {
      words: ['-n'],
      env: { NORRIX_API_KEY: secret, NORRIX_API_URL: norrix.prod.url },
    },
    'with --org': { words: ['--org', lab.orgId] },
    'with --dev': { words: ['--dev'] },
  }
  const mac = { name: 'mac-mini', platforms: 'ios' }
  runners = await Promise.all([prod, lab, dev].map((person) => addCommandRunner(person, mac)))
}, 120_000)
afterAll(async () => {
  await Promise.all(runners.map((runner) => runner.remove()))
  await norrix.stop()
  home.remove()
  project.remove()
})

const build = (name: (typeof named)[number], ...more: string[]): Running => {
  const { words, env = {} } = ways[name]
  return startNorrixCommand(['build', 'ios', 'release', ...words, ...more], {
    home: home.path,
    cwd: project.path,
    env,
  })
}

describe('where a runner was added but never started', () => {
  test.each(named)('%s: no_runner at once, and nothing is packed', async (name) => {
    const { code, stderr } = await build(name).ended
    expect(stderr).toMatch(/✗ No runner for ios was ever started for /)
    expect(stderr).toMatch(/no_runner · exit 1\n$/)
    expect(stderr).not.toContain('packed')
    expect(code).toBe(1)
  })
})

describe('with --wait-for-runner', () => {
  test('every build waits, and succeeds once its runner comes up in mid-wait', async () => {
    const waiting = named.map((name) => build(name, '--wait-for-runner'))
    await Promise.all(waiting.map((one) => one.waitFor(/✓ queued/)))
    await pause(1000)
    for (const one of waiting) {
      expect(one.child.exitCode).toBeNull()
      expect(one.output().stderr).toContain('the build waits for the first one')
      expect(one.output().stderr).not.toContain('✓ running')
    }
    await Promise.all(runners.map((runner) => runner.start()))
    await expectAllBuilt(waiting)
  }, 120_000)
})

describe('where the runner has been seen and is away', () => {
  beforeAll(async () => {
    await Promise.all(runners.map((runner) => runner.stop()))
    ahead += 60_000
  })

  test.each(named)('%s: --queue-timeout ends the wait with 8; the build stays', async (name) => {
    const { code, stderr } = await build(name, '--queue-timeout', '2s').ended
    expect(stderr).toMatch(/! No runner for ios is online, last seen [^;]+; the build waits/)
    const [, buildId = ''] = /✓ queued +(build_\w+)/.exec(stderr) ?? []
    expect(stderr).toContain(`✗ No runner took ${buildId} within 2.0 s. It stays queued.`)
    expect(stderr).toMatch(/still_running · exit 8\n$/)
    expect(code).toBe(8)
  })

  // Its runner has those that stayed queued to build before.
  test('without it every build waits, and succeeds once its runner is back', async () => {
    const waiting = named.map((name) => build(name))
    await Promise.all(waiting.map((one) => one.waitFor(/✓ queued/)))
    await Promise.all(runners.map((runner) => runner.start()))
    await expectAllBuilt(waiting)
  }, 120_000)
})

async function expectAllBuilt(waiting: readonly Running[]): Promise<void> {
  for (const one of waiting) {
    const { code, stdout, stderr } = await one.ended
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/✓ running +on mac-mini, \S+ \S+/)
    expect(stdout).toMatch(/^ {2}hello\.ipa {2}4 bytes {2}sha256 /)
  }
}
