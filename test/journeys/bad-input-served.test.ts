import { randomBytes } from 'node:crypto'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatKey } from '@norrix/contract/api-key-format.policy'
import { settleIn, type Resident } from '../kit/at-the-terminal.ts'
import { expectFault, stack } from '../kit/expect-fault.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { commandProject, temporaryProject, type TemporaryProject } from '../kit/project.ts'
import { runNorrix, temporaryHome, type Ran, type RunOptions } from '../kit/run-norrix.ts'

/** What goes wrong with a Norrix there: keys, sizes, and what a build does. Everything under a key, as in a pipeline. */
const home = temporaryHome()
const projects: TemporaryProject[] = []
const limits = { sourceBytes: 100_000, logBytes: 20_000, buildMinutes: 1 }
const build = ['build', 'android', 'release']
let norrix: Norrix
let resident: Resident
let secret: string
let hanging: Promise<Ran>

beforeAll(async () => {
  norrix = await startNorrix({ kinds: ['prod', 'dev'], runner: {}, limits })
  resident = await settleIn(norrix.prod)
  secret = (await resident.makeKey(['build'])).secret
  await Promise.all([norrix.prod.runner, norrix.dev.runner])
  // A minute is the shortest time limit there is; it passes on the other server while the rest is tried.
  const other = await (await settleIn(norrix.dev)).makeKey(['build'])
  const env = { NORRIX_API_KEY: other.secret, NORRIX_API_URL: norrix.dev.url }
  const { path } = keep(commandProject('echo asleep; sleep 600', ['*']))
  hanging = runNorrix([...build, '--dev'], { home: home.path, cwd: path, env })
}, 120_000)
afterAll(async () => {
  await hanging
  await norrix.stop()
  projects.forEach((one) => one.remove())
  home.remove()
}, 120_000)

const keep = (project: TemporaryProject): TemporaryProject => {
  projects.push(project)
  return project
}
const under = (key: string, project?: TemporaryProject): RunOptions => ({
  home: home.path,
  cwd: project === undefined ? home.path : keep(project).path,
  env: { NORRIX_API_KEY: key, NORRIX_API_URL: norrix.prod.url },
})

describe('a key', () => {
  const whoami = ['whoami']
  const ask = 'ask an admin for a new one, then replace NORRIX_API_KEY'

  test('that this server has not made', async () => {
    const key = formatKey('prod', (count) => randomBytes(count))
    const says = `${norrix.prod.url} does not know this API key.`
    const fault = { code: 'key_invalid', says, fix: '', fromServer: true } as const
    const stderr = await expectFault(whoami, under(key), fault)
    expect(stderr).toContain(`key   ${key.slice(0, 12)}… from NORRIX_API_KEY, prod`)
    expect(stderr).not.toContain(key)
  })

  test('with a letter typed wrong: the typo is named before the server is asked', async () => {
    const key = secret.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'))
    const says = 'does not know this API key.'
    const fault = { code: 'key_invalid', says, fix: '', fromServer: true } as const
    expect(await expectFault(whoami, under(key), fault)).toMatch(/^! NORRIX_API_KEY looks mistyped/)
  })

  test('that was cut short: how much is missing is named', async () => {
    const says = 'does not know this API key.'
    const fault = { code: 'key_invalid', says, fix: '', fromServer: true } as const
    const stderr = await expectFault(whoami, under(secret.slice(0, -3)), fault)
    expect(stderr).toContain('3 characters are missing')
  })

  test('that has expired', async () => {
    const expiresAt = new Date(Date.now() + 300).toISOString()
    const { secret: key } = await resident.makeKey(['build'], { expiresAt })
    await new Promise((resolve) => setTimeout(resolve, 400))
    const says = /This API key expired on \d+ \w+ and no longer works\./
    await expectFault(whoami, under(key), { code: 'key_expired', says, fix: ask, fromServer: true })
  })

  test('that was revoked: neither its name, nor its organization, nor who did it is told', async () => {
    const { id, secret: key } = await resident.makeKey(['build'])
    await resident.revokeKey(id)
    const says = /This API key was revoked on \d+ \w+ and no longer works\./
    const fault = { code: 'key_revoked', says, fix: ask, fromServer: true } as const
    const stderr = await expectFault(whoami, under(key), fault)
    expect(stderr).not.toMatch(/GitHub Actions|Acme|org_|ana@/)
  })

  test('of the other environment: nothing is sent', async () => {
    const key = formatKey('dev', (count) => randomBytes(count))
    const lines = norrix.log.length
    const says = 'NORRIX_API_KEY is a dev key; this command talks to prod. Nothing was sent.'
    const fault = { code: 'wrong_environment', says, fix: 'add --dev, or use a prod key' } as const
    await expectFault(whoami, under(key), fault)
    expect(norrix.log.slice(lines).join('')).not.toContain('/api/whoami')
  })

  test('that holds two things', async () => {
    const says = 'NORRIX_API_KEY has white space in it'
    const fault = { code: 'usage', says, fix: 'set it to the key alone' } as const
    await expectFault(whoami, under(`${secret} ${secret}`), fault)
  })
})

describe('a project', () => {
  test('of which every file is left out', async () => {
    const project = commandProject('true', ['*'])
    writeFileSync(join(project.path, '.gitignore'), '*\n')
    const says = 'There is nothing to pack'
    const fault = { code: 'project_empty', says, fix: '.gitignore' } as const
    await expectFault(build, under(secret, project), fault)
  })

  test('of 2 GB is refused by its size, before it is read', async () => {
    const project = commandProject('true', ['*'])
    mkdirSync(join(project.path, 'media'))
    writeFileSync(join(project.path, 'media/film.mov'), '')
    truncateSync(join(project.path, 'media/film.mov'), 2 * 1024 ** 3)
    const says = 'media/film.mov has 2.1 GB; a file may have 1 GiB (1,073,741,824 bytes).'
    const fault = { code: 'project_too_large', says, fix: 'name it in .norrixignore' } as const
    const stderr = await expectFault(build, under(secret, project), fault)
    expect(stderr).toContain('largest   2.1 GB  media/film.mov')
    expect(stderr).not.toContain('packed')
  })

  test('that is larger than this server takes', async () => {
    const says = /The packed project has \d+ kB, which is more than this server takes\./
    const files = {
      'norrix.config.json': config('true'),
      noise: randomBytes(200_000).toString('base64'),
    }
    const fault = {
      code: 'too_large',
      says,
      fix: 'name it in .norrixignore',
      fromServer: true,
    } as const
    await expectFault(build, under(secret, temporaryProject(files)), fault)
  })
})

describe('a build', { timeout: 120_000 }, () => {
  const fix = /norrix builds logs build_\w+ shows the whole log/

  test('whose command fails: its exit code and its last words', async () => {
    const project = commandProject('echo first words; echo last words; exit 3', ['*'])
    const says = /exit(ed)?( with)?( code)? 3/
    const fault = { code: 'build_failed', says, fix } as const
    const stderr = await expectFault(build, under(secret, project), fault)
    expect(stderr).toMatch(/^ {2}log .*last words/ms)
  })

  test('whose pattern matches nothing: the pattern, and what was there', async () => {
    const project = commandProject('mkdir out; touch out/app.aab', ['out/*.apk'])
    const fault = { code: 'artifact_missing', says: 'out/*.apk', fix } as const
    const stderr = await expectFault(build, under(secret, project), fault)
    expect(stderr).toContain('app.aab')
  })

  test('that floods its log goes on; the log is cut and says so', async () => {
    const flood =
      'i=0; while [ $i -lt 3000 ]; do echo "line $i of a very talkative build"; i=$((i+1)); done'
    const project = commandProject(`${flood}; echo the $((2 + 3))th end; echo app > app.apk`, [
      'app.apk',
    ])
    const { code, stderr } = await runNorrix(build, under(secret, project))
    expect(code, stderr.slice(-500)).toBe(0)
    expect(stderr).toContain('The log is cut here: a build may log 20,000 bytes.')
    expect(stderr).not.toContain('the 5th end')
    expect(stderr.length).toBeLessThan(40_000)
  })

  test('that hangs is ended at the time limit', async () => {
    const { code, stderr } = await hanging
    expect(stderr).toContain('│ asleep')
    expect(stderr).toMatch(/^✗ .*(limit|longer|minute)/m)
    expect(stderr).toMatch(/^ {2}build_timed_out · exit 1$/m)
    expect(stderr).not.toMatch(stack)
    expect(code).toBe(1)
  })
})

function config(command: string): string {
  const android = { command, artifacts: ['*'] }
  return JSON.stringify({ name: 'hello', version: '1', buildNumber: 1, android })
}
