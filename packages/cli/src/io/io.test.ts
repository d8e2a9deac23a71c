import { Fault } from '@norrix/contract/fault'
import { expect, test } from 'vitest'
import { clean, cleanJson, toAscii } from './clean.ts'
import { debugText, redact, sayFault, ShownFault } from './fault-text.ts'
import { createIo, type Io } from './io.ts'
import { fieldLines, tableLines } from './layout.ts'
import { isAutomated, speaksUtf8, type Surroundings } from './terminal.ts'
import { agoText, countdownText, dateText, durationText, parseDuration } from './words.ts'

interface Heard {
  stdout: string
  stderr: string
}

function ioWith(
  env: Record<string, string>,
  options: { tty?: boolean; json?: boolean } = {},
): { io: Io; heard: Heard } {
  const heard: Heard = { stdout: '', stderr: '' }
  const around: Surroundings = {
    env,
    cwd: '/',
    homeDir: '/',
    platform: 'linux',
    nodeVersion: '24.0.0',
    nodePath: '/usr/bin/node',
    programPath: '/usr/lib/node_modules/@norrix/cli/main.js',
    version: '0.1.0',
    stdin: {},
    stdout: { isTTY: options.tty, write: (text) => (heard.stdout += text) },
    stderr: { isTTY: options.tty, write: (text) => (heard.stderr += text) },
    now: () => new Date(0),
    signal: new AbortController().signal,
  }
  return { io: createIo(around, { json: options.json === true, interactive: () => false }), heard }
}

test.each([
  ['clipboard', '\x1b]52;c;aGVsbG8=\x07name', 'name'],
  ['title with ST', '\x1b]0;title\x1b\\name', 'name'],
  ['colour and cursor', '\x1b[31m\x1b[2Jname\x1b[0m', 'name'],
  ['C1 introducers', '\x9b31mname\x9d0;t\x9c', 'name'],
  ['a lone escape at the end', 'name\x1b', 'name'],
  ['backspaces and bells', 'na\b\b\x07me', 'name'],
  ['direction overrides', 'n\u202eame\u2066', 'name'],
  ['a carriage return that would overwrite', 'safe\rname', 'safe\nname'],
  ['Windows line ends', 'one\r\ntwo', 'one\ntwo'],
  ['tabs and letters of all scripts stay', 'a\tb é 日本 ñ 👍', 'a\tb é 日本 ñ 👍'],
])('%s in a text of others is inert on a terminal (T52)', (_, text, expected) => {
  expect(clean(text)).toBe(expected)
})

test('every way to write passes through the cleaning', () => {
  const evil = '\x1b]52;c;x\x07\u202ename'
  const { io, heard } = ioWith({ LANG: 'C.UTF-8' })
  io.result.line(evil)
  io.result.marked('done', evil)
  io.result.fields([{ label: 'a', value: evil, because: evil }])
  io.result.table([[evil, evil]])
  io.talk.quoted(evil)
  sayFault(io, new Fault('internal', { message: evil, fix: evil }))
  // oxlint-disable-next-line no-control-regex -- the very characters that must not be there
  expect(heard.stdout + heard.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
})

test('JSON escapes what a terminal would act on, and gives it back whole', () => {
  const value = { name: '\x1b]52;c;x\x07\u009b31m\u202eabc' }
  const text = cleanJson(value)
  // oxlint-disable-next-line no-control-regex -- the very characters that must not be there
  expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
  expect(JSON.parse(text)).toEqual(value)
})

test('colour is for terminals, and NO_COLOR and TERM=dumb take it away', () => {
  const said = (env: Record<string, string>, tty: boolean): string => {
    const { io, heard } = ioWith({ LANG: 'C.UTF-8', ...env }, { tty })
    io.talk.marked('done', 'ok')
    return heard.stderr
  }
  expect(said({}, true)).toBe('\x1b[32m✓\x1b[0m ok\n')
  expect(said({}, false)).toBe('✓ ok\n')
  expect(said({ NO_COLOR: '1' }, true)).toBe('✓ ok\n')
  expect(said({ TERM: 'dumb' }, true)).toBe('✓ ok\n')
})

test('without UTF-8 our own signs are ASCII', () => {
  const { io, heard } = ioWith({ LANG: 'C' })
  io.talk.marked('failed', 'prod · Acme … x')
  expect(heard.stderr).toBe('x prod - Acme ... x\n')
  expect(toAscii('✓ ✗ · │')).toBe('+ x - |')
})

test.each([
  [{ LANG: 'de_DE.UTF-8' }, 'linux', true],
  [{ LANG: 'C' }, 'linux', false],
  [{ LANG: 'C.UTF-8', LC_ALL: 'POSIX' }, 'linux', false],
  [{}, 'linux', false],
  [{}, 'darwin', true],
  [{}, 'win32', false],
  [{ WT_SESSION: 'x' }, 'win32', true],
] as const)('UTF-8 with %j on %s: %s', (env, platform, expected) => {
  expect(speaksUtf8({ env, platform })).toBe(expected)
})

test('build servers are known by their variables, and CI=false is none', () => {
  expect(isAutomated({ CI: 'true' })).toBe(true)
  expect(isAutomated({ GITHUB_ACTIONS: 'true' })).toBe(true)
  expect(isAutomated({ CI: 'false' })).toBe(false)
  expect(isAutomated({})).toBe(false)
})

test('a moving line is shown on a terminal only, and is gone before the next line', () => {
  const shown = ioWith({ LANG: 'C.UTF-8' }, { tty: true })
  shown.io.progress('Packing 1 MB')
  shown.io.talk.line('done')
  expect(shown.heard.stderr).toBe('Packing 1 MB\r\x1b[Kdone\n')
  const quiet = ioWith({ LANG: 'C.UTF-8' })
  quiet.io.progress('Packing 1 MB')
  expect(quiet.heard.stderr).toBe('')
})

test('a fault says what happened, the evidence, the fix, then code, request and exit code', () => {
  const { io, heard } = ioWith({ LANG: 'C.UTF-8' })
  const fault = new ShownFault('key_revoked', {
    message: 'This API key was revoked on 3 Nov and no longer works.',
    fix: 'ask an admin for a new one, then replace NORRIX_API_KEY',
    requestId: 'req_01JD',
    evidence: [{ label: 'key', text: 'nrx_Ks7dF2xW… from NORRIX_API_KEY, prod' }],
  })
  expect(sayFault(io, fault)).toBe(4)
  expect(heard).toEqual({
    stdout: '',
    stderr: [
      '✗ This API key was revoked on 3 Nov and no longer works.',
      '  key   nrx_Ks7dF2xW… from NORRIX_API_KEY, prod',
      '  fix   ask an admin for a new one, then replace NORRIX_API_KEY',
      '  key_revoked · req_01JD · exit 4',
      '',
    ].join('\n'),
  })
})

test('with --json a fault is one line on stdout', () => {
  const { io, heard } = ioWith({ LANG: 'C.UTF-8' }, { json: true })
  sayFault(io, new Fault('not_found', { message: 'No.', requestId: 'req_1' }))
  expect(heard.stderr).toBe('')
  expect(JSON.parse(heard.stdout)).toEqual({
    error: { code: 'not_found', message: 'No.', fix: null, requestId: 'req_1' },
  })
})

test('the causes under NORRIX_DEBUG hold no key, token or code', () => {
  const secrets = [
    'nrx_Ks7dF2xWabcdefgh',
    'nrr_abcdefgh',
    'Bearer abc.def',
    'code=abc123def&x',
    '"refresh_token": "abc123def"',
  ]
  const text = debugText(new Error(secrets.join(' '), { cause: new Error(secrets.join('\n')) }))
  for (const secret of ['Ks7dF2xW', 'nrr_abc', 'abc.def', 'abc123def'])
    expect(text).not.toContain(secret)
  expect(redact('exit code: 0')).toContain('exit code')
})

test('no line of values is longer than 80 columns where it can be helped', () => {
  const lines = fieldLines([
    { label: 'environment', value: 'prod  https://norrix.example.com', because: 'default' },
    {
      label: 'organization',
      value: `A rather long name of some ${'very '.repeat(6)}big company`,
      because: 'orgs select, 3 Nov',
    },
  ])
  expect(lines[0]).toMatch(/^ {2}environment {3}prod {2}https:\/\/norrix\.example\.com +\S/)
  expect(lines.filter((line) => line.length > 80)).toEqual([])
})

test('a table has no space at the ends of its lines', () => {
  expect(
    tableLines([
      ['', 'NAME', 'ID'],
      ['*', 'Acme', 'org_1', 'default'],
    ]),
  ).toEqual(['   NAME  ID', '*  Acme  org_1  default'])
})

test('numbers, moments and lengths of time are written one way', () => {
  const now = new Date(2026, 10, 24, 12)
  expect([0, 320, 6100, 65_000, 7_500_000].map(durationText)).toEqual([
    '0.0 s',
    '0.3 s',
    '6.1 s',
    '1 min 5 s',
    '2 h 5 min',
  ])
  expect(dateText(new Date(2026, 10, 3), now)).toBe('3 Nov')
  expect(dateText(new Date(2027, 1, 22), now)).toBe('22 Feb 2027')
  expect(agoText(new Date(2026, 10, 12, 11), now)).toBe('12 days ago')
  expect(agoText(new Date(2026, 10, 23, 11), now)).toBe('1 day ago')
  expect(countdownText(297_100)).toBe('4:58')
  expect(['90s', '10m', '2h', '5', 'x', '1d', '-1s'].map(parseDuration)).toEqual([
    90_000,
    600_000,
    7_200_000,
    5000,
    undefined,
    undefined,
    undefined,
  ])
})
