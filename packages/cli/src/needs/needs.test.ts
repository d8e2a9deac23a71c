import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatKey } from '@norrix/contract/api-key-format.policy'
import { afterAll, expect, test } from 'vitest'
import { runNorrix } from '../../../../test/kit/run-norrix.ts'
import { keyFrom } from './credential.ts'
import { readOrigin } from './environment.ts'

const home = mkdtempSync(join(tmpdir(), 'norrix-home-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const prodKey = formatKey('prod', (count) => randomBytes(count))
const devKey = formatKey('dev', (count) => randomBytes(count))
/** Nobody listens there: what is said without it was said without asking anybody. */
const nobody = 'http://127.0.0.1:19'
const run = (words: string, env: Record<string, string> = {}) =>
  runNorrix(words.split(' '), { home, env, here: true })

test('what copying adds around a key is taken off; what stands inside is refused (T53)', () => {
  for (const text of [
    `${prodKey}\n`,
    ` ${prodKey}\r\n`,
    `\uFEFF${prodKey}`,
    `"${prodKey}"`,
    `'${prodKey}'`,
  ]) {
    expect(keyFrom({ NORRIX_API_KEY: text })).toBe(prodKey)
  }
  expect(keyFrom({ NORRIX_API_KEY: ' \n' })).toBeUndefined()
  expect(keyFrom({})).toBeUndefined()
  for (const text of [
    `${prodKey} ${devKey}`,
    `${prodKey}\n${devKey}`,
    `nrx_caf\u00e9`,
    'nrx_\u0000',
  ]) {
    expect(() => keyFrom({ NORRIX_API_KEY: text })).toThrow(
      expect.objectContaining({ code: 'usage' }),
    )
  }
})

test('a key of the other kind stops the command before anything is sent, and says which is which', async () => {
  const onProd = await run('whoami', { NORRIX_API_KEY: devKey, NORRIX_API_URL: nobody })
  expect(onProd).toEqual({
    code: 4,
    stdout: '',
    stderr: [
      '✗ NORRIX_API_KEY is a dev key; this command talks to prod. Nothing was sent.',
      '  fix   add --dev, or use a prod key',
      '  wrong_environment · exit 4',
      '',
    ].join('\n'),
  })
  const onDev = await run('whoami --dev', { NORRIX_API_KEY: prodKey, NORRIX_API_URL: nobody })
  expect(onDev.code).toBe(4)
  expect(onDev.stderr).toContain('NORRIX_API_KEY is a prod key; this command talks to dev.')
  expect(onDev.stderr).toContain('fix   leave --dev out, or use a dev key')
})

test('a mistyped key is warned about with the likely slip, and tried all the same', async () => {
  const slips = [
    [prodKey.slice(0, -3), '3 characters are missing'],
    [`${prodKey}ab`, '2 characters too many'],
    [
      prodKey.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      'at least one character is wrong',
    ],
    [prodKey.replace(/.$/, '-'), 'it has a character that no key has'],
  ] as const
  for (const [key, slip] of slips) {
    const done = await run('whoami', { NORRIX_API_KEY: key, NORRIX_API_URL: nobody })
    expect(done.stderr.replaceAll(/\s+/g, ' ')).toContain(
      `! NORRIX_API_KEY looks mistyped: ${slip}.`,
    )
    expect(done.stderr).toContain('network · exit 7')
    expect(done.stderr + done.stdout).not.toContain(key)
  }
})

test('a key without an address goes nowhere, not even to this machine', async () => {
  const done = await run('whoami', { NORRIX_API_KEY: prodKey })
  expect(done.code).toBe(7)
  expect(done.stderr).toContain('no_server')
  expect(done.stderr).toContain('NORRIX_API_URL')
})

test('orgs select with a key is a usage error: a key has one organization', async () => {
  const done = await run('orgs select', { NORRIX_API_KEY: prodKey, NORRIX_API_URL: nobody })
  expect(done.code).toBe(2)
  expect(done.stderr).toContain('a key has one organization')
})

test.each([
  ['whoami --dev --env prod', {}],
  ['whoami --env ../../x', {}],
  ['whoami --env UPPER', {}],
  [`whoami --env ${'a'.repeat(33)}`, {}],
  ['whoami', { NORRIX_ENV: '../x' }],
  ['whoami', { NORRIX_API_URL: 'ftp://x' }],
  ['whoami', { NORRIX_API_URL: 'http://norrix.example.com' }],
  ['whoami', { NORRIX_API_URL: 'https://user:pass@norrix.example.com' }],
  ['biuld android release', {}],
  ['whoami --fast', {}],
  ['whoami too many', {}],
  ['orgs lst', {}],
  ['builds show', {}],
  ['builds show ../x', { NORRIX_API_KEY: prodKey, NORRIX_API_URL: nobody }],
  ['whoami --env', {}],
] as const)('%s with %j is a usage error: exit 2, a remedy, no stack', async (words, env) => {
  const done = await run(words, env)
  if (done.stderr.includes('network')) return
  expect(done).toMatchObject({ code: 2, stdout: '' })
  expect(done.stderr).toMatch(/^✗ .*\n(?: .*\n)* {2}fix {3}.*\n(?: .*\n)* {2}usage · exit 2\n$/)
  expect(done.stderr).not.toMatch(/ at .*:\d+:\d+/)
})

test('a misspelt command or flag names the likely one', async () => {
  expect((await run('biuld android release')).stderr).toContain('did you mean build?')
  expect((await run('builds lst')).stderr).toContain('did you mean list?')
  expect((await run('whoami --jsn')).stderr).toContain('did you mean --json?')
})

test('--dev and --env dev are the same, NORRIX_ENV comes after both, and prod is the default', async () => {
  for (const [words, env, name] of [
    ['whoami --dev', {}, 'dev'],
    ['whoami --env dev', {}, 'dev'],
    ['whoami --dev --env dev', {}, 'dev'],
    ['whoami', { NORRIX_ENV: 'dev' }, 'dev'],
    ['whoami --env prod', { NORRIX_ENV: 'dev' }, 'prod'],
    ['whoami', {}, 'prod'],
  ] as const) {
    expect((await run(words, env)).stderr).toContain(`You are not signed in to ${name}.`)
  }
})

test('plain http is for this machine alone', () => {
  for (const address of [
    'http://localhost:4400',
    'http://127.0.0.1:4400/x',
    'http://[::1]:4400',
    'https://x.test/y',
  ]) {
    expect(readOrigin(address, 'it')).toBe(new URL(address).origin)
  }
  for (const address of [
    'http://127.0.0.1.evil.test',
    'http://localhost.evil.test',
    'http://10.0.0.1',
    'javascript:1',
    '//x',
    '',
  ]) {
    expect(() => readOrigin(address, 'it')).toThrow(expect.objectContaining({ code: 'usage' }))
  }
})

test('a home that cannot be used is named, with the way out', async () => {
  const done = await runNorrix(['sign-in', '--browser'], {
    home,
    env: { NORRIX_HOME: '/proc/nowhere' },
    here: true,
  })
  expect(done.code).toBe(1)
  expect(done.stderr).toContain('home_unwritable')
  expect(done.stderr).toContain('NORRIX_HOME')
})
