import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasKeyring, startKeyring, startSilentBus, type Bus } from '../kit/keyring.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { runNorrix, temporaryHome, type RunOptions } from '../kit/run-norrix.ts'
import { claim, signIn } from '../kit/sign-in.ts'
import { sessionsOf } from '../kit/stored-session.ts'

/** The packed command line beside a real keyring, beside one that never answers, and where it cannot reach any. */
let norrix: Norrix
let home: ReturnType<typeof temporaryHome>
const buses: Bus[] = []
const packed = fileURLToPath(new URL('../../dist/cli/package', import.meta.url))

beforeAll(async () => {
  norrix = await startNorrix()
  await claim(norrix.prod)
})
afterAll(async () => norrix.stop())
beforeEach(() => {
  home = temporaryHome()
})
afterEach(async () => {
  for (const bus of buses.splice(0)) await bus.stop()
  home.remove()
})

const keyFile = () => join(home.path, '.local/state/norrix/key')
const chosen = (): unknown =>
  JSON.parse(readFileSync(join(home.path, '.norrix/config.json'), 'utf8')).storage
const one = (text: string): string => text.replaceAll(/\s+/g, ' ')

async function reaching(start: () => Promise<Bus>): Promise<RunOptions> {
  const bus = await start()
  buses.push(bus)
  // Where the key goes is left to norrix.
  return { home: home.path, env: { ...bus.env, NORRIX_STORAGE: undefined } }
}

async function timed<T>(work: () => Promise<T>): Promise<readonly [T, seconds: number]> {
  const before = Date.now()
  return [await work(), (Date.now() - before) / 1000]
}

test('a keyring that never answers costs the first sign-in three seconds, and the key lies in a file: said, remembered, shown (T46)', async () => {
  const bus = await startSilentBus()
  const at = await reaching(async () => bus)
  const done = await signIn(norrix.prod.url, at)
  expect(done.code).toBe(0)
  expect(one(done.stderr)).toContain(
    `! The keyring of this machine did not answer within 3 s; the key of your sessions lies in ${keyFile()}`,
  )
  expect(chosen()).toBe('file')
  const who = await runNorrix(['whoami', '--json'], at)
  expect(JSON.parse(who.stdout)).toMatchObject({ storage: 'file' })
  const asked = bus.connections()
  expect(asked).toBeGreaterThan(0)
  const again = await runNorrix(['whoami'], at)
  expect(again).toMatchObject({ code: 0, stderr: '' })
  expect(again.stdout).toMatch(/^ {2}key {11}file$/m)
  expect(bus.connections()).toBe(asked)
})

test('who asks for the keyring gets it or a fault, and no file, before anything is asked of them', async () => {
  const at = await reaching(startSilentBus)
  const [done, seconds] = await timed(() =>
    runNorrix(['sign-in', norrix.prod.url, '--device', '--storage', 'keyring'], at),
  )
  expect(done).toMatchObject({ code: 4, stdout: '' })
  expect(done.stderr).toContain('keyring_unavailable · exit 4')
  expect(done.stderr).not.toContain('/authorize')
  expect(seconds).toBeLessThan(15)
  expect(existsSync(keyFile())).toBe(false)
})

test('an installation without the keyring module works, with the key in a file', async () => {
  const alone = join(home.path, 'alone')
  cpSync(packed, alone, { recursive: true })
  const at = {
    home: home.path,
    env: { NORRIX_STORAGE: undefined },
    main: join(alone, 'norrix.cjs'),
  }
  const done = await signIn(norrix.prod.url, at)
  expect(done).toMatchObject({ code: 0 })
  expect(done.stderr).not.toContain('!')
  expect(chosen()).toBe('file')
  const asked = await runNorrix(['sign-in', '--device', '--storage', 'keyring'], at)
  expect(asked.code).toBe(4)
  expect(one(asked.stderr)).toContain('npm install -g @napi-rs/keyring@2.1.2')
})

const isHere = hasKeyring()
if (!isHere)
  process.stderr.write('gnome-keyring is not installed here: the real keyring is not tried.\n')

describe.skipIf(!isHere)('with a real keyring', () => {
  test('the key lies in it and in no file; without it the session is as good as gone, and nothing weaker takes its place', async () => {
    const at = await reaching(startKeyring)
    expect(await signIn(norrix.prod.url, at)).toMatchObject({ code: 0 })
    expect(chosen()).toBe('keyring')
    expect(existsSync(keyFile())).toBe(false)
    const who = await runNorrix(['whoami'], at)
    expect(who).toMatchObject({ code: 0, stderr: '' })
    expect(who.stdout).toMatch(/^ {2}key {11}keyring$/m)
    // A variable says where the next sign-in puts it; a session that is renewed stays where it is.
    const { env = {} } = at
    const store = sessionsOf(home.path, { env })
    const record = await store.read('prod')
    if (!record) throw new Error('There is no session.')
    await store.write('prod', { ...record, accessExpiresAt: '2020-01-01T00:00:00.000Z' })
    const renewing = { home: home.path, env: { ...env, NORRIX_STORAGE: 'file' } }
    expect((await runNorrix(['whoami'], renewing)).stdout).toMatch(/^ {2}key {11}keyring$/m)
    const file = join(home.path, '.norrix/prod/session.json')
    const before = readFileSync(file, 'utf8')
    const without = { home: home.path, env: { NORRIX_STORAGE: undefined } }
    const gone = await runNorrix(['whoami'], without)
    expect(gone).toMatchObject({ code: 4, stdout: '' })
    expect(one(gone.stderr)).toMatch(/^✗ The keyring for the key of your sessions refused: /)
    expect(one(gone.stderr)).toContain('norrix sign-in --storage file')
    expect(readFileSync(file, 'utf8')).toBe(before)
    expect(existsSync(keyFile())).toBe(false)
    // And it is back: nothing was lost.
    expect((await runNorrix(['whoami'], at)).code).toBe(0)
  })

  test('a keyring that stops answering ends a command within its limit, exit 4 (T46)', async () => {
    const at = await reaching(startKeyring)
    expect(await signIn(norrix.prod.url, at)).toMatchObject({ code: 0 })
    const silent = await reaching(startSilentBus)
    const [done, seconds] = await timed(() => runNorrix(['whoami'], silent))
    expect(done).toMatchObject({ code: 4, stdout: '' })
    expect(one(done.stderr)).toContain('did not answer within 3 s')
    expect(seconds).toBeGreaterThanOrEqual(3)
    expect(seconds).toBeLessThan(15)
  })

  test('sign-in --storage moves the key: sessions of other environments go on, and the old place is empty', async () => {
    const at = await reaching(startKeyring)
    expect(await signIn(norrix.prod.url, at)).toMatchObject({ code: 0 })
    const words = ['--storage', 'file', '--profile', 'work']
    const moved = await signIn(norrix.prod.url, { ...at, words })
    expect(moved.code).toBe(0)
    expect(one(moved.stderr)).toContain(
      '! The key of your sessions was in the keyring; now it is in a file.',
    )
    expect(chosen()).toBe('file')
    const without = { home: home.path, env: { NORRIX_STORAGE: undefined } }
    expect((await runNorrix(['whoami'], without)).code).toBe(0)
    expect((await runNorrix(['whoami', '--profile', 'work'], without)).code).toBe(0)
    rmSync(keyFile())
    const empty = await runNorrix(
      ['sign-in', '--device', '--storage', 'keyring', '--timeout', '1s'],
      at,
    )
    expect(empty.code).toBe(4)
    // Another key than the one that was moved away: the sessions do not open.
    expect((await runNorrix(['whoami'], at)).stderr).toContain('session_foreign')
  })
})
