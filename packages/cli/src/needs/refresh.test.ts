// Renewing a session: many commands at once, beside others that died, on disks that cannot be written, by clocks that are wrong.
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { SessionRecord } from '../home/sessions.ts'
import { watchSteps } from '../../../../test/crash/steps.ts'
import type { Browser } from '../../../../test/identity/browser.ts'
import { startNorrix, type Norrix } from '../../../../test/kit/norrix.ts'
import { proof } from '../../../../test/kit/proofs.ts'
import { runNorrix, startNorrixCommand, temporaryHome } from '../../../../test/kit/run-norrix.ts'
import { claim, signIn } from '../../../../test/kit/sign-in.ts'
import { storeSession, storedSession } from '../../../../test/kit/stored-session.ts'
import { runSql } from '../../../../test/kit/test-database.ts'

const isLong = process.env['NORRIX_TEST_LONG'] === '1'
const processes = isLong ? 50 : 8
const tenMinutes = 600_000
const yearMs = 365 * 24 * 3_600_000

let norrix: Norrix
let browser: Browser
beforeAll(async () => {
  norrix = await startNorrix()
  browser = await claim(norrix.prod)
})
afterAll(() => norrix.stop())

/** A home with a session, and its file. */
async function signedIn(env: Readonly<Record<string, string>> = {}) {
  const home = temporaryHome()
  onTestFinished(() => home.remove())
  const done = await signIn(norrix.prod.url, { home: home.path, env, browser })
  expect(done).toMatchObject({ code: 0 })
  const file = join(home.path, '.norrix/prod/session.json')
  return {
    home: home.path,
    file,
    lock: `${file}.lock`,
    read: () => storedSession(home.path),
    async change(fields: Partial<SessionRecord>): Promise<void> {
      await storeSession(home.path, { ...(await storedSession(home.path)), ...fields })
    },
    /** The moment has come at which the access token is renewed. */
    async expire(): Promise<void> {
      await this.change({ accessSince: at(-tenMinutes), accessExpiresAt: at(0) })
    },
  }
}

const at = (fromNowMs: number): string => new Date(Date.now() + fromNowMs).toISOString()

/** Every token request that is answered with tokens leaves a row. */
async function tokensGiven(): Promise<number> {
  const sql = `select id_hash from oidc_states where model = 'AccessToken'`
  return (await runSql(norrix.database(), sql)).length
}

async function allAtOnce(home: string, env: Readonly<Record<string, string>> = {}) {
  const before = await tokensGiven()
  const all = await Promise.all(
    Array.from({ length: processes }, () => runNorrix(['whoami'], { home, env })),
  )
  const worked = all.filter(({ code, stderr }) => code === 0 && stderr === '')
  expect(all.filter((each) => !worked.includes(each))).toEqual([])
  return { worked: worked.length, requests: (await tokensGiven()) - before }
}

test(
  `of ${processes} processes at the moment of expiry one asks for a token, and all succeed (T34)`,
  async () => {
    const session = await signedIn()
    await session.expire()
    expect(await allAtOnce(session.home)).toEqual({ worked: processes, requests: 1 })
    expect(existsSync(session.lock)).toBe(false)
  },
  isLong ? 300_000 : 60_000,
)

test(
  `where no lock can be had all ${processes} succeed too (T34)`,
  async () => {
    const session = await signedIn()
    await session.expire()
    const preload = fileURLToPath(new URL('../../../../test/kit/no-locks.ts', import.meta.url))
    const { worked } = await allAtOnce(session.home, { NODE_OPTIONS: `--import=${preload}` })
    expect(worked).toBe(processes)
    expect(await runNorrix(['whoami'], { home: session.home })).toMatchObject({ code: 0 })
  },
  isLong ? 300_000 : 60_000,
)

test('on a disk that cannot be written a session is used all the same, and renewed for each command', async () => {
  const session = await signedIn()
  await session.expire()
  const before = readFileSync(session.file, 'utf8')
  const folder = join(session.home, '.norrix/prod')
  chmodSync(folder, 0o500)
  onTestFinished(() => chmodSync(folder, 0o700))
  const tokens = await tokensGiven()
  for (let times = 1; times <= 2; times += 1) {
    expect(
      await runNorrix(['whoami'], { home: session.home, ...asUser(session.home) }),
    ).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^! \S+ cannot be written \(EACCES\)\.\s[^!]+$/),
    })
    expect((await tokensGiven()) - tokens).toBe(times)
  }
  expect(readFileSync(session.file, 'utf8')).toBe(before)
})

/** Modes hold for everybody but root, who becomes somebody else for this. */
function asUser(home: string) {
  if (process.getuid?.() !== 0) return {}
  const nobody = '65534'
  execFileSync('chown', ['-R', `${nobody}:${nobody}`, home])
  const script = join(home, 'norrix.sh')
  const main = fileURLToPath(new URL('../../../../dist/cli/package/norrix.cjs', import.meta.url))
  const become = `setpriv --reuid ${nobody} --regid ${nobody} --clear-groups`
  writeFileSync(script, `exec ${become} ${process.execPath} ${main} "$@"\n`)
  return { node: '/bin/sh', main: script }
}

test('where the process that renews is killed, the next takes over within two seconds (T34)', async () => {
  const session = await signedIn()
  const { tokenEndpoint } = await session.read()
  const asked = Promise.withResolvers<void>()
  // Stands for a server that has died over a request: it never answers.
  const silent = createServer(() => asked.resolve())
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void silent.close())
  const { port } = silent.address() as AddressInfo // it listens on TCP
  await session.expire()
  await session.change({ tokenEndpoint: `http://127.0.0.1:${port}/token` })
  const holder = startNorrixCommand(['whoami'], { home: session.home })
  await asked.promise
  expect(existsSync(session.lock)).toBe(true)
  holder.child.kill('SIGKILL')
  await holder.ended
  expect(existsSync(session.lock)).toBe(true)
  await session.change({ tokenEndpoint })
  const began = performance.now()
  expect(await runNorrix(['whoami'], { home: session.home, here: true })).toMatchObject({ code: 0 })
  expect(performance.now() - began).toBeLessThan(2000)
  expect(existsSync(session.lock)).toBe(false)
})

test('a lock that nobody alive holds and nobody can remove costs nobody their session', async () => {
  const session = await signedIn()
  await session.expire()
  // A folder of that name: it is there, and is no lock.
  mkdirSync(session.lock)
  const long = new Date(Date.now() - 60_000)
  execFileSync('touch', ['-d', long.toISOString(), session.lock])
  const began = performance.now()
  expect(await runNorrix(['whoami'], { home: session.home, here: true })).toMatchObject({ code: 0 })
  expect(performance.now() - began).toBeLessThan(2000)
})

test('an answer with new tokens that is lost on its way costs one more request, and no session (T35)', async () => {
  const session = await signedIn()
  const { key, refreshToken, tokenEndpoint: url } = await session.read()
  const given = await tokensGiven()
  const lost = await fetch(url, {
    method: 'POST',
    headers: { dpop: await proof(key, { method: 'POST', url }) },
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'norrix-cli',
      refresh_token: refreshToken,
    }),
  })
  await lost.body?.cancel()
  expect((await tokensGiven()) - given).toBe(1)
  await session.expire()
  expect(await runNorrix(['whoami'], { home: session.home, here: true })).toMatchObject({ code: 0 })
  expect((await tokensGiven()) - given).toBe(2)
})

test('an access token is renewed after four fifths of its life, and not before', async () => {
  const session = await signedIn()
  const { accessToken } = await session.read()
  await session.change({
    accessSince: at(-0.78 * tenMinutes),
    accessExpiresAt: at(0.22 * tenMinutes),
  })
  await runNorrix(['whoami'], { home: session.home, here: true })
  expect((await session.read()).accessToken).toBe(accessToken)
  await session.change({
    accessSince: at(-0.81 * tenMinutes),
    accessExpiresAt: at(0.19 * tenMinutes),
  })
  await runNorrix(['whoami'], { home: session.home, here: true })
  const renewed = await session.read()
  expect(renewed.accessToken).not.toBe(accessToken)
  const life = Date.parse(renewed.accessExpiresAt) - Date.parse(renewed.accessSince)
  expect(life).toBe(tenMinutes)
})

test.each([
  ['ten minutes slow', -tenMinutes],
  ['ten minutes fast', tenMinutes],
  // Near enough for the token endpoint, and not for the rest; and as a machine has it whose battery is empty.
  ...(isLong ? [['three minutes slow', -180_000] as const, ['a year slow', -yearMs] as const] : []),
] as const)(
  'with a clock that is %s people sign in, ask and renew (T29)',
  async (_, clockAheadMs) => {
    const wrong = watchSteps({ clockAheadMs })
    onTestFinished(() => wrong.remove())
    const session = await signedIn(wrong.env)
    const { home } = session
    expect(Math.abs((await session.read()).clockAheadMs + clockAheadMs)).toBeLessThan(3000)
    const whoami = (env = {}) => runNorrix(['whoami'], { home, env })
    const given = await tokensGiven()
    expect(await whoami(wrong.env)).toMatchObject({ code: 0, stderr: '' })
    // What was learned when signing in is enough: nothing was renewed.
    expect((await tokensGiven()) - given).toBe(0)
    await session.expire()
    expect(await whoami(wrong.env)).toMatchObject({ code: 0, stderr: '' })
    expect((await tokensGiven()) - given).toBe(1)
    // Then somebody sets the clock right, and wrong again.
    expect(await whoami()).toMatchObject({ code: 0, stderr: '' })
    expect((await session.read()).clockAheadMs).toBe(0)
    expect(await whoami(wrong.env)).toMatchObject({ code: 0, stderr: '' })
    expect(await whoami(wrong.env)).toMatchObject({ code: 0, stderr: '' })
    expect((await tokensGiven()) - given).toBeLessThanOrEqual(3)
  },
)
