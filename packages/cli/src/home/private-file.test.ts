import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sessionsOf } from '../../../../test/kit/stored-session.ts'
import { readPrivate, writePrivate } from './private-file.ts'
import type { SessionRecord, SessionStore } from './sessions.ts'

const record: SessionRecord = {
  issuer: 'https://norrix.example.com',
  tokenEndpoint: 'https://norrix.example.com/token',
  revocationEndpoint: 'https://norrix.example.com/revoke',
  accessToken: 'access',
  accessSince: '2026-11-03T09:50:00.000Z',
  accessExpiresAt: '2026-11-03T10:00:00.000Z',
  clockAheadMs: 0,
  refreshToken: 'refresh',
  key: { kty: 'EC', crv: 'P-256', x: 'x'.repeat(43), y: 'y'.repeat(43), d: 'd'.repeat(43) },
  account: { id: 'user_1', email: 'ana@example.com' },
  session: { id: 'ses_1', expiresAt: '2027-02-01T10:00:00.000Z' },
  signedInAt: '2026-11-03T09:00:00.000Z',
  endedAt: null,
}

let home: string
let notices: string[]
let store: SessionStore
let file: string
const umask = process.umask()

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'norrix-home-'))
  notices = []
  file = join(home, '.norrix/prod/session.json')
  store = sessionsOf(home, { notices })
})
afterEach(() => {
  process.umask(umask)
  rmSync(home, { recursive: true, force: true })
})

const mode = (path: string): number => lstatSync(path).mode & 0o777

test.each([0, 0o022, 0o077])(
  'under umask %o folders are 0700 and the session is 0600',
  async (mask) => {
    process.umask(mask)
    await store.write('prod', record)
    process.umask(umask)
    expect([mode(join(home, '.norrix')), mode(join(home, '.norrix/prod')), mode(file)]).toEqual([
      0o700, 0o700, 0o600,
    ])
    expect(await store.read('prod')).toEqual(record)
  },
)

test('a session that others could read is closed, and that is said', async () => {
  await store.write('prod', record)
  chmodSync(file, 0o644)
  chmodSync(join(home, '.norrix/prod'), 0o777)
  chmodSync(join(home, '.norrix'), 0o755)
  expect(await store.read('prod')).toEqual(record)
  expect([mode(join(home, '.norrix')), mode(join(home, '.norrix/prod')), mode(file)]).toEqual([
    0o700, 0o700, 0o600,
  ])
  expect(notices).toEqual([`${file} was open to others on this machine; it is closed now.`])
})

test('nothing is written through a link that somebody planted, and nothing is read through it', async () => {
  const victim = join(home, 'victim')
  writeFileSync(victim, 'precious')
  mkdirSync(join(home, '.norrix/prod'), { recursive: true, mode: 0o700 })
  symlinkSync(victim, file)
  await expect(store.write('prod', record)).rejects.toMatchObject({ code: 'home_unwritable' })
  await expect(store.read('prod')).rejects.toMatchObject({ code: 'home_unwritable' })
  expect(readFileSync(victim, 'utf8')).toBe('precious')
})

test('a session with a second name, or in a folder that is a link, is not trusted', async () => {
  await store.write('prod', record)
  linkSync(file, join(home, 'second'))
  await expect(store.read('prod')).rejects.toMatchObject({ code: 'home_unwritable' })
  await expect(store.write('prod', record)).rejects.toMatchObject({ code: 'home_unwritable' })
  mkdirSync(join(home, 'elsewhere'))
  symlinkSync(join(home, 'elsewhere'), join(home, '.norrix/dev'))
  await expect(store.write('dev', record)).rejects.toMatchObject({ code: 'home_unwritable' })
  expect(readdirSync(join(home, 'elsewhere'))).toEqual([])
})

test.each([
  ['empty', ''],
  ['cut off', '{"version":1,"issuer":"https://nor'],
  ['binary', '\0\u0001\u0002'],
  ['of another form', '{"version":1}'],
  ['a list', '[]'],
])('a session file that is %s is put aside, never overwritten, with exit 4', async (_, text) => {
  await writePrivate(file, text)
  await expect(store.read('prod')).rejects.toMatchObject({
    code: 'home_corrupt',
    fix: 'norrix sign-in',
  })
  const aside = `${file}.corrupt-19700101T000000Z`
  expect(readFileSync(aside, 'utf8')).toBe(text)
  expect(await store.read('prod')).toBeUndefined()
})

test('a session file of a newer norrix is left where it is', async () => {
  const text = '{"version":99}'
  await writePrivate(file, text)
  await expect(store.read('prod')).rejects.toMatchObject({ code: 'home_corrupt' })
  expect(readFileSync(file, 'utf8')).toBe(text)
})

test('a full disk leaves the old session and no half of the new one', async () => {
  // A file system of 64 kB, where this user may mount one.
  const disk = join(home, 'disk')
  mkdirSync(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { stdio: 'ignore' })
  } catch {
    return
  }
  try {
    const small = join(disk, 'session.json')
    await writePrivate(small, 'old')
    await expect(writePrivate(small, 'n'.repeat(200_000))).rejects.toMatchObject({
      code: 'home_unwritable',
    })
    expect(await readPrivate(small)).toMatchObject({ text: 'old' })
    expect(readdirSync(disk)).toEqual(['session.json'])
  } finally {
    execFileSync('umount', [disk])
  }
})

test(
  'killed at any moment, a writer leaves the old text or the new one',
  { timeout: 120_000 },
  async () => {
    const target = join(home, 'state', 'file')
    const texts = ['a'.repeat(50_000), 'b'.repeat(50_000)]
    await writePrivate(target, texts[0] ?? '')
    const module = new URL('./private-file.ts', import.meta.url).href
    const code = `const { writePrivate } = await import(${JSON.stringify(module)})
    process.stdout.write('go')
    for (let i = 1; ; i++) await writePrivate(${JSON.stringify(target)}, 'ab'[i % 2].repeat(50000))`
    const times = process.env['NORRIX_TEST_LONG'] === '1' ? 200 : 8
    const { spawn } = await import('node:child_process')
    for (let time = 0; time < times; time++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', code])
      await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()))
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 40))
      child.kill('SIGKILL')
      await new Promise((resolve) => child.once('close', resolve))
      expect(texts).toContain((await readPrivate(target))?.text)
    }
  },
)
