import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { settleIn } from '../kit/at-the-terminal.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { runNorrix, temporaryHome, type Ran, type RunOptions } from '../kit/run-norrix.ts'
import { signIn } from '../kit/sign-in.ts'
import { storeSession, storedSession } from '../kit/stored-session.ts'

/** The packed command line, where a user's disk is not what one would wish. */
let norrix: Norrix
let key: string
let home: ReturnType<typeof temporaryHome>

beforeAll(async () => {
  norrix = await startNorrix({ kinds: ['prod', 'dev'] })
  key = (await (await settleIn(norrix.prod)).makeKey()).secret
})
afterAll(async () => norrix.stop())
beforeEach(() => {
  home = temporaryHome()
})
afterEach(() => home.remove())

const packed = fileURLToPath(new URL('../../dist/cli/package/norrix.cjs', import.meta.url))
const run = (words: string, options: RunOptions = {}): Promise<Ran> =>
  runNorrix(words.split(' '), { home: home.path, ...options })
const one = (text: string): string => text.replaceAll(/\s+/g, ' ')

test('a copied ~/.norrix opens nothing: what happened is said, and how to sign in; the owner is not disturbed (T32)', async () => {
  await signIn(norrix.prod.url, { home: home.path })
  const other = temporaryHome()
  cpSync(join(home.path, '.norrix'), join(other.path, '.norrix'), { recursive: true })
  const copied = await run('whoami', { home: other.path })
  expect(copied).toMatchObject({ code: 4, stdout: '' })
  expect(one(copied.stderr)).toMatch(
    /^✗ \S+session\.json was encrypted with a key that is not on this machine: \S+\/\.local\/state\/norrix\/key has none\. A copied folder carries no session\. fix norrix sign-in session_foreign · exit 4 $/,
  )
  expect((await run('whoami')).code).toBe(0)
  expect(await signIn(norrix.prod.url, { home: other.path })).toMatchObject({ code: 0 })
  expect((await run('whoami', { home: other.path })).code).toBe(0)
  expect((await run('whoami')).code).toBe(0)
  other.remove()
})

/** `norrix` started by a shell in a way of its own; `$@` is Node, the program and the words. */
async function runBy(how: string, words: string, options: RunOptions = {}): Promise<Ran> {
  const folder = temporaryHome()
  const shell = join(folder.path, 'norrix.sh')
  writeFileSync(shell, `set -- '${process.execPath}' '${packed}' "$@"\n${how}\n`)
  const done = await run(words, { node: '/bin/sh', main: shell, ...options })
  folder.remove()
  return done
}

/** A disk that takes nothing, even from a root that could write anywhere: in a mount namespace of its own. */
const mount = 'mount --bind "$HOME" "$HOME" && mount -o remount,bind,ro "$HOME" && exec "$@"'
const readOnly = (words: string) => runBy(`exec unshare -m sh -c '${mount}' sh "$@"`, words)
const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0
if (!mayMount) process.stderr.write('Nothing may be mounted here: a read-only home is not tried.\n')

test.skipIf(!mayMount)(
  'in a home that is read-only a session is renewed for the command, with one warning; signing in says at once that it cannot (T55)',
  async () => {
    await signIn(norrix.prod.url, { home: home.path })
    const record = await storedSession(home.path)
    await storeSession(home.path, { ...record, accessExpiresAt: '2020-01-01T00:00:00.000Z' })
    const before = readFileSync(join(home.path, '.norrix/prod/session.json'), 'utf8')
    const who = await readOnly('whoami')
    expect({ code: who.code, stderr: one(who.stderr) }).toEqual({
      code: 0,
      stderr: expect.stringMatching(
        /^! \S+session\.json cannot be written \(EROFS\)\. Your session is kept for this command alone\. $/,
      ),
    })
    expect(who.stdout).toContain('ana@example.com')
    expect(readFileSync(join(home.path, '.norrix/prod/session.json'), 'utf8')).toBe(before)
    const again = await readOnly(`sign-in ${norrix.prod.url} --device`)
    expect(again.code).toBe(1)
    expect(one(again.stderr)).toMatch(
      /cannot be written \(EROFS\)\. fix .*home_unwritable · exit 1 $/,
    )
    expect(again.stderr).not.toContain('/authorize')
  },
)

test('without a home there is a named fault and no trace of a stack, and a key works all the same (T55)', async () => {
  for (const env of [{ HOME: '/nonexistent' }, { HOME: '' }]) {
    const who = await run('whoami', { env })
    expect(who).toMatchObject({ code: 4, stdout: '' })
    expect(who.stderr).toContain('not_signed_in · exit 4')
    const byKey = await run('whoami', {
      env: { ...env, NORRIX_API_KEY: key, NORRIX_API_URL: norrix.prod.url },
    })
    expect(byKey).toMatchObject({ code: 0, stderr: '' })
  }
  expect(existsSync('/nonexistent')).toBe(false)
})

const isRoot = process.getuid?.() === 0
test.skipIf(!isRoot)(
  'as a user that the system does not know, and without HOME, a key works',
  async () => {
    const env = { HOME: undefined, NORRIX_API_KEY: key, NORRIX_API_URL: norrix.prod.url }
    const nobody = 'setpriv --reuid=54321 --regid=54321 --clear-groups'
    const done = await runBy(`exec ${nobody} "$@"`, 'whoami --json', { cwd: '/', env })
    expect(done).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(done.stdout)).toMatchObject({ actor: 'key', storage: null })
  },
)

test('with a key and an address the disk is neither written nor read (B7)', async () => {
  const options = { env: { NORRIX_API_KEY: key, NORRIX_API_URL: norrix.prod.url } }
  expect(await run('orgs list', options)).toMatchObject({ code: 0, stderr: '' })
  expect(readdirSync(home.path)).toEqual([])
  // Settings that no norrix could read are no matter for a pipeline.
  mkdirSync(join(home.path, '.norrix'))
  writeFileSync(join(home.path, '.norrix/config.json'), 'garbage')
  chmodSync(join(home.path, '.norrix'), 0o755)
  expect(await run('orgs list', options)).toMatchObject({ code: 0, stderr: '' })
  expect(readdirSync(join(home.path, '.norrix'))).toEqual(['config.json'])
})

test('a profile is a second set of sessions and chosen organizations: seen, kept apart, signed out alone', async () => {
  await signIn(norrix.prod.url, { home: home.path })
  const work = { home: home.path, env: { NORRIX_PROFILE: 'second' } }
  expect((await run('whoami', work)).stderr).toContain('You are not signed in to prod.')
  expect((await run('whoami', work)).stderr).toContain('norrix sign-in --profile second')
  await signIn(norrix.prod.url, work)
  expect(existsSync(join(home.path, '.norrix/prod/second/session.json'))).toBe(true)
  const [first, second] = await Promise.all([run('whoami --json'), run('whoami --json', work)])
  const of = ({ stdout }: Ran) => JSON.parse(stdout)
  expect([of(first).profile, of(second).profile]).toEqual(['default', 'second'])
  expect(of(first).session.id).not.toBe(of(second).session.id)
  expect(await run('orgs select Acme', work)).toMatchObject({ code: 0 })
  expect((await run('orgs current', work)).stdout).toContain('chosen with')
  expect((await run('orgs current')).stdout).toContain('your only one')
  const shown = await run('whoami --profile second')
  expect(shown.stdout).toMatch(/^ {2}profile {7}second +--profile$/m)
  expect(shown.stderr).toBe(`prod · profile second · ${norrix.prod.url}\n`)
  expect((await run('sign-out', work)).code).toBe(0)
  expect((await run('whoami', work)).code).toBe(4)
  expect((await run('whoami')).code).toBe(0)
})

test.each(['../../x', 'UPPER', 'a'.repeat(33), 'con', '.', 'a/b'])(
  '%s names no profile: exit 2, from a flag or a variable (T56)',
  async (name) => {
    for (const done of [
      await run(`whoami --profile ${name}`, { here: true }),
      await run('whoami', { here: true, env: { NORRIX_PROFILE: name } }),
    ]) {
      expect(done).toMatchObject({ code: 2, stdout: '' })
      expect(done.stderr).toContain('is not a name of a profile')
    }
  },
)

test('a project that somebody cloned sends nothing anywhere: not its config, not its .env, not its .norrix (T50)', async () => {
  let requests = 0
  const thief = createServer((_, res) => {
    requests++
    res.end('{}')
  })
  await new Promise<void>((resolve) => thief.listen(0, '127.0.0.1', resolve))
  const { port } = thief.address() as AddressInfo // listening on an IP address
  const url = `http://127.0.0.1:${port}`
  const project = join(home.path, 'project')
  mkdirSync(join(project, '.norrix'), { recursive: true })
  const settings = {
    version: 1,
    environments: { prod: { url, kind: 'prod', from: 'user', orgs: {} } },
  }
  writeFileSync(join(project, '.norrix/config.json'), JSON.stringify(settings))
  writeFileSync(
    join(project, '.norrix/project.json'),
    JSON.stringify({ url, server: url, environment: 'prod' }),
  )
  writeFileSync(join(project, '.env'), `NORRIX_API_URL=${url}\nNORRIX_HOME=.norrix\n`)
  writeFileSync(join(project, '.npmrc'), `registry=${url}\n`)
  const config = {
    name: 'x',
    version: '1',
    buildNumber: 1,
    android: { command: 'true', artifacts: ['x'] },
  }
  writeFileSync(
    join(project, 'norrix.config.json'),
    JSON.stringify({ ...config, url, server: url, apiUrl: url }),
  )
  await signIn(norrix.prod.url, { home: home.path })
  const refused = await run('build android release', { cwd: project })
  expect(refused.code).toBe(1)
  expect(refused.stderr).toMatch(/url +is not known/)
  expect(await run('whoami', { cwd: project })).toMatchObject({ code: 0 })
  const byKey = await run('whoami', { cwd: project, env: { NORRIX_API_KEY: key } })
  expect(byKey).toMatchObject({ code: 0 })
  const keyAlone = temporaryHome()
  expect(
    (await run('whoami', { home: keyAlone.path, cwd: project, env: { NORRIX_API_KEY: key } }))
      .stderr,
  ).toContain('no_server')
  keyAlone.remove()
  expect(requests).toBe(0)
  thief.close()
})
