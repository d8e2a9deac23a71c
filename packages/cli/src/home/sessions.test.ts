import {
  chmodSync,
  copyFileSync,
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sessionsOf } from '../../../../test/kit/stored-session.ts'
import type { SessionRecord } from './sessions.ts'

const record: SessionRecord = {
  issuer: 'https://norrix.example.com',
  tokenEndpoint: 'https://norrix.example.com/token',
  revocationEndpoint: 'https://norrix.example.com/revoke',
  accessToken: 'marked-access',
  accessSince: '2026-11-03T09:50:00.000Z',
  accessExpiresAt: '2026-11-03T10:00:00.000Z',
  clockAheadMs: 0,
  refreshToken: 'marked-refresh',
  key: { kty: 'EC', crv: 'P-256', x: 'x'.repeat(43), y: 'y'.repeat(43), d: 'd'.repeat(43) },
  account: { id: 'user_1', email: 'ana@example.com' },
  session: { id: 'ses_1', expiresAt: '2027-02-01T10:00:00.000Z' },
  signedInAt: '2026-11-03T09:00:00.000Z',
  endedAt: null,
}

let home: string
let file: string
let keyFile: string
const umask = process.umask()

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'norrix-home-'))
  file = join(home, '.norrix/prod/session.json')
  keyFile = join(home, '.local/state/norrix/key')
})
afterEach(() => {
  process.umask(umask)
  rmSync(home, { recursive: true, force: true })
})

const mode = (path: string): number => lstatSync(path).mode & 0o777
const foreign = { code: 'session_foreign', fix: 'norrix sign-in' }

test('a session is encrypted whole, with another nonce each time, and its key lies elsewhere', async () => {
  await sessionsOf(home).write('prod', record)
  const first = readFileSync(file, 'utf8')
  await sessionsOf(home).write('prod', record)
  const second = readFileSync(file, 'utf8')
  expect(Object.keys(JSON.parse(first))).toEqual(['version', 'issuer', 'keyId', 'nonce', 'data'])
  for (const text of [first, second]) {
    expect(text).not.toMatch(/marked|ana@|ses_1/)
    expect(Buffer.from(JSON.parse(text).data, 'base64').toString('latin1')).not.toContain('marked')
  }
  expect(JSON.parse(first).nonce).not.toBe(JSON.parse(second).nonce)
  expect(JSON.parse(first).data).not.toBe(JSON.parse(second).data)
  expect(Buffer.from(JSON.parse(readFileSync(keyFile, 'utf8')).key, 'base64')).toHaveLength(32)
  expect(await sessionsOf(home).read('prod')).toEqual(record)
})

test('a session file that was moved to another environment or profile does not decrypt, and that is said (T47)', async () => {
  await sessionsOf(home).write('prod', record)
  mkdirSync(join(home, '.norrix/dev/second'), { recursive: true, mode: 0o700 })
  copyFileSync(file, join(home, '.norrix/dev/session.json'))
  copyFileSync(file, join(home, '.norrix/dev/second/session.json'))
  mkdirSync(join(home, '.norrix/prod/second'), { mode: 0o700 })
  copyFileSync(file, join(home, '.norrix/prod/second/session.json'))
  for (const [environment, profile, fix] of [
    ['dev', 'default', 'norrix sign-in --dev'],
    ['dev', 'second', 'norrix sign-in --dev --profile second'],
    ['prod', 'second', 'norrix sign-in --profile second'],
  ] as const) {
    await expect(sessionsOf(home, { profile }).read(environment)).rejects.toMatchObject({
      code: 'session_foreign',
      message: expect.stringContaining('written for another environment or profile'),
      fix,
    })
  }
  expect(await sessionsOf(home).read('prod')).toEqual(record)
})

test('a session file of another user, or one whose key is gone, does not decrypt; nothing of it is lost (T47)', async () => {
  await sessionsOf(home).write('prod', record)
  const other = join(home, 'other')
  cpSync(join(home, '.norrix'), join(other, '.norrix'), { recursive: true })
  const copied = sessionsOf(other)
  await expect(copied.read('prod')).rejects.toMatchObject(foreign)
  await copied.write('dev', { ...record, account: { id: 'user_2', email: 'ben@example.com' } })
  await expect(copied.read('prod')).rejects.toMatchObject(foreign)
  expect(readFileSync(join(other, '.norrix/prod/session.json'))).toEqual(readFileSync(file))
  renameSync(keyFile, `${keyFile}-away`)
  await expect(sessionsOf(home).read('prod')).rejects.toMatchObject(foreign)
  renameSync(`${keyFile}-away`, keyFile)
  expect(await sessionsOf(home).read('prod')).toEqual(record)
})

test('issuer, nonce, ciphertext and tag are bound together: a bit that was changed in any of them opens nothing', async () => {
  await sessionsOf(home).write('prod', record)
  const sealed = JSON.parse(readFileSync(file, 'utf8'))
  const flipped = (text: string, at: number): string => {
    const bytes = Buffer.from(text, 'base64')
    const index = at < 0 ? bytes.length + at : at
    bytes[index] = (bytes[index] ?? 0) ^ 1
    return bytes.toString('base64')
  }
  for (const change of [
    { issuer: 'https://evil.example.com' },
    { nonce: flipped(sealed.nonce, 0) },
    { data: flipped(sealed.data, 0) },
    { data: flipped(sealed.data, -1) },
    { data: sealed.data.slice(0, 8) },
  ]) {
    writeFileSync(file, JSON.stringify({ ...sealed, ...change }))
    await expect(sessionsOf(home).read('prod')).rejects.toMatchObject(foreign)
  }
})

test('a session that an older norrix left in plain text is read once, and encrypted from then on', async () => {
  mkdirSync(join(home, '.norrix/prod'), { recursive: true, mode: 0o700 })
  writeFileSync(file, JSON.stringify({ version: 1, ...record }), { mode: 0o600 })
  expect(await sessionsOf(home).read('prod')).toEqual(record)
  expect(readFileSync(file, 'utf8')).not.toContain('marked')
  expect(await sessionsOf(home).read('prod')).toEqual(record)
})

test.each([0, 0o022, 0o077])(
  'under umask %o the key is 0600 in a folder 0700 (T41)',
  async (mask) => {
    process.umask(mask)
    await sessionsOf(home).write('prod', record)
    process.umask(umask)
    expect([mode(join(home, '.local/state/norrix')), mode(keyFile)]).toEqual([0o700, 0o600])
  },
)

test('a key that others could read is closed, and that is said', async () => {
  await sessionsOf(home).write('prod', record)
  chmodSync(keyFile, 0o644)
  const notices: string[] = []
  expect(await sessionsOf(home, { notices }).read('prod')).toEqual(record)
  expect(mode(keyFile)).toBe(0o600)
  expect(notices).toEqual([`${keyFile} was open to others on this machine; it is closed now.`])
})

test('no key is read or written through a link, or one with a second name (T42)', async () => {
  const victim = join(home, 'victim')
  writeFileSync(victim, 'precious')
  mkdirSync(join(home, '.local/state/norrix'), { recursive: true, mode: 0o700 })
  symlinkSync(victim, keyFile)
  const refused = { code: 'home_unwritable' }
  await expect(sessionsOf(home).write('prod', record)).rejects.toMatchObject(refused)
  expect(readFileSync(victim, 'utf8')).toBe('precious')
  rmSync(keyFile)
  await sessionsOf(home).write('prod', record)
  linkSync(keyFile, join(home, 'second'))
  await expect(sessionsOf(home).read('prod')).rejects.toMatchObject(refused)
  // Held in memory is what a disk refuses, never what norrix refuses.
  await expect(sessionsOf(home).renew('prod', record)).rejects.toMatchObject(refused)
})

test.each([
  ['empty', ''],
  ['cut off', '{"version":1,"key":"AAAA'],
  ['too short', '{"version":1,"key":"AAAA"}'],
  ['of another form', '{"version":1}'],
])(
  'a key file that is %s is put aside with exit 4, and a sign-in makes another (T44)',
  async (_, text) => {
    await sessionsOf(home).write('prod', record)
    writeFileSync(keyFile, text)
    await expect(sessionsOf(home).read('prod')).rejects.toMatchObject({ code: 'home_corrupt' })
    expect(readFileSync(`${keyFile}.corrupt-19700101T000000Z`, 'utf8')).toBe(text)
    await expect(sessionsOf(home).read('prod')).rejects.toMatchObject(foreign)
    await sessionsOf(home).write('prod', record)
    expect(await sessionsOf(home).read('prod')).toEqual(record)
  },
)

test.each(['session', 'key'])(
  'a %s file of a newer norrix stays as it is, and that is said (T44)',
  async (which) => {
    await sessionsOf(home).write('prod', record)
    const path = which === 'key' ? keyFile : file
    writeFileSync(path, '{"version":99}')
    await expect(sessionsOf(home).read('prod')).rejects.toMatchObject({
      code: 'home_corrupt',
      message: `${path} was written by a newer norrix than this one.`,
    })
    expect(readFileSync(path, 'utf8')).toBe('{"version":99}')
  },
)

test('twenty first sign-ins at once agree on one key', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `env-${index}`)
  await Promise.all(names.map((name) => sessionsOf(home).write(name, record)))
  for (const name of names) expect(await sessionsOf(home).read(name)).toEqual(record)
})

test(
  'killed at any moment, a writer leaves the old session or the new one, whole (T43)',
  { timeout: 120_000 },
  async () => {
    await sessionsOf(home).write('prod', record)
    const kit = new URL('../../../../test/kit/stored-session.ts', import.meta.url).href
    const code = `const { sessionsOf } = await import(${JSON.stringify(kit)})
      const store = sessionsOf(${JSON.stringify(home)})
      const record = await store.read('prod')
      process.stdout.write('go')
      for (let i = 1; ; i++) await store.write('prod', { ...record, accessToken: 'ab'[i % 2].repeat(20000) })`
    const times = process.env['NORRIX_TEST_LONG'] === '1' ? 200 : 4
    const possible = [record.accessToken, 'a'.repeat(20_000), 'b'.repeat(20_000)]
    for (let time = 0; time < times; time++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', code])
      await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()))
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 40))
      child.kill('SIGKILL')
      await new Promise((resolve) => child.once('close', resolve))
      const read = await sessionsOf(home).read('prod')
      expect(possible.includes(read?.accessToken ?? '')).toBe(true)
      expect({ ...read, accessToken: '' }).toEqual({ ...record, accessToken: '' })
    }
  },
)
