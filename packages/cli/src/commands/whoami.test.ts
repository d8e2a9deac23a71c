import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { whoamiDocument } from '@norrix/contract/documents.shapes'
import { settleIn, type Resident } from '../../../../test/kit/at-the-terminal.ts'
import { leavingServer, type LeavingServer } from '../../../../test/kit/leaving-server.ts'
import { runNorrix, temporaryHome, type Ran } from '../../../../test/kit/run-norrix.ts'
import { signIn } from '../../../../test/kit/sign-in.ts'

let place: LeavingServer
let ana: Resident
let key: string
const home = temporaryHome()
beforeAll(async () => {
  place = await leavingServer()
  ana = await settleIn(place.server)
  key = (await ana.makeKey(['build'])).secret
  const { code, stderr } = await signIn(place.url, { home: home.path, here: true })
  expect(code, stderr).toBe(0)
})
afterAll(async () => {
  await place.stop()
  home.remove()
})

const run = (words: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  runNorrix(words.split(' '), { home: home.path, here: true, env })
const withKey = () => ({ NORRIX_API_KEY: key, NORRIX_API_URL: place.url })
/** Offline means offline: nothing is there that could be asked. */
async function offline(words: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  await place.leave()
  const ran = await run(words, env)
  await place.comeBack()
  return ran
}

test('whoami --offline says what this machine knows, by a session, and that nobody was asked', async () => {
  await run(`orgs select ${ana.orgId}`)
  const { code, stdout, stderr } = await offline('whoami --offline')
  expect(code).toBe(0)
  const told = stdout
    .replace(place.url, 'http://localhost:4400')
    .replace(ana.orgId, 'org_8fK2mQxPZ1')
  const [storage] = told.split('\n').slice(-2)
  expect(storage).toBe('  key           file')
  expect(told.replace(`${storage}\n`, '').replaceAll(/\d+ \w{3}(?: \d{4})?\b/g, '3 Nov')).toBe(
    [
      'ana@example.com',
      '  environment   prod  http://localhost:4400          default',
      '  organization  org_8fK2mQxPZ1                        orgs select, 3 Nov',
      '  signed in     just now, until 3 Nov at the latest',
      '',
    ].join('\n'),
  )
  expect(stderr).toBe('! The server was not asked: this is what this machine remembers.\n')
})

test('whoami --offline of a key says its beginning and nothing that the server alone knows', async () => {
  const { code, stdout, stderr } = await offline('whoami --offline', withKey())
  expect(code).toBe(0)
  expect(stdout).toContain(`API key ${key.slice(0, 12)}…\n`)
  expect(stdout).not.toContain(key.slice(0, 13))
  expect(stdout).toContain("organization  the key's own")
  expect(stderr).toContain('! Your session as ana@example.com is ignored')
})

test('whoami --offline without a session says so, exit 4', async () => {
  const stranger = temporaryHome()
  const ran = await runNorrix(['whoami', '--offline'], { home: stranger.path, here: true })
  stranger.remove()
  expect(ran).toMatchObject({ code: 4, stdout: '' })
  expect(ran.stderr).toContain('not_signed_in')
})

test.each([
  ['live', () => run('whoami --json')],
  ['live by a key', () => run('whoami --json', withKey())],
  ['offline', () => offline('whoami --offline --json')],
  ['offline by a key', () => offline('whoami --offline --json', withKey())],
  ['offline with --org', () => offline(`whoami --offline --json --org ${ana.orgId}`)],
])('whoami --json %s is as its published schema says', async (name, ask) => {
  const { code, stdout } = await ask()
  expect(code).toBe(0)
  const document: unknown = JSON.parse(stdout)
  expect(whoamiDocument.safeParse(document).error?.issues ?? []).toEqual([])
  expect(document).toMatchObject({
    offline: name.startsWith('offline'),
    actor: name.endsWith('key') ? 'key' : 'session',
    environment: { name: 'prod', kind: 'prod', url: place.url },
  })
})

test('the published schema refuses a field that nobody promised', () => {
  const url = new URL('../../../../docs/reference/whoami.schema.json', import.meta.url)
  expect(JSON.parse(readFileSync(url, 'utf8'))).toMatchObject({
    additionalProperties: false,
    required: expect.arrayContaining(['offline', 'actor', 'environment', 'storage']),
  })
})
