import { lstatSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SessionRecord } from '../home/sessions.ts'
import { startNorrix, type Norrix } from '../../../../test/kit/norrix.ts'
import { fetchBound } from '../../../../test/kit/proofs.ts'
import { runNorrix, temporaryHome } from '../../../../test/kit/run-norrix.ts'
import { claim, signIn } from '../../../../test/kit/sign-in.ts'
import { storeSession, storedSession } from '../../../../test/kit/stored-session.ts'

let norrix: Norrix
const home = temporaryHome()
const at = { home: home.path, here: true } as const
const sessionFile = join(home.path, '.norrix/prod/session.json')

beforeAll(async () => {
  norrix = await startNorrix({ kinds: ['prod', 'dev'] })
  await claim(norrix.prod)
  await signIn(norrix.prod.url, at)
})
afterAll(async () => {
  await norrix.stop()
  home.remove()
})

/** Ids, ports and names of this machine differ from run to run; what is said does not. */
function steady(text: string): string {
  return text
    .replaceAll(/\b(org|ses|user|key|req)_[0-9A-Za-z]+/g, '$1_x')
    .replaceAll(/localhost:\d+/g, 'localhost:4400')
    .replaceAll(/ {2,}(?=default\n|your only)/g, '  ')
    .replaceAll(/signed in {5}\S+, /g, 'signed in     this, ')
    .replaceAll(
      /session {7}\S+, (\d+) days unused or .* at the latest/g,
      'session       this, $1 days …',
    )
}

test('folders are 0700 and files 0600, and no token can be read in any of them', async () => {
  const mode = (path: string) => lstatSync(join(home.path, path)).mode & 0o777
  expect(mode('.norrix')).toBe(0o700)
  expect(mode('.norrix/prod')).toBe(0o700)
  expect(mode('.norrix/prod/session.json')).toBe(0o600)
  expect(mode('.norrix/config.json')).toBe(0o600)
  const { accessToken, refreshToken } = await storedSession(home.path)
  for (const path of [sessionFile, join(home.path, '.norrix/config.json')]) {
    const text = readFileSync(path, 'utf8')
    expect(text).not.toContain(accessToken)
    expect(text).not.toContain(refreshToken)
  }
})

test('whoami says who, where, in which organization, and why', async () => {
  const who = await runNorrix(['whoami'], at)
  expect(steady(who.stdout)).toBe(
    [
      'ana@example.com',
      '  environment   prod  http://localhost:4400  default',
      '  organization  Acme (org_x), owner  your only one',
      '  signed in     this, just now, Norrix account',
      '  key           file',
      '',
    ].join('\n'),
  )
  expect(who).toMatchObject({ code: 0, stderr: '' })
})

test('the sibling of a trusted prod server is dev, and the session of one is not sent to the other', async () => {
  const who = await runNorrix(['whoami', '--dev'], at)
  expect(who.code).toBe(4)
  expect(who.stderr).toContain(`dev · ${norrix.dev.url}`)
  expect(who.stderr).toContain('You are not signed in to dev.')
})

test('orgs select keeps a default for this environment and user, and orgs current says since when', async () => {
  const before = await runNorrix(['orgs', 'current'], at)
  expect(before.stdout).toContain('because  it is your only one on prod')
  expect(await runNorrix(['orgs', 'select', 'acme'], at)).toMatchObject({ code: 0 })
  const after = await runNorrix(['orgs', 'current'], at)
  expect(after.stdout).toMatch(/because {2}chosen with `norrix orgs select` for prod on \d+ \w{3}/)
  const list = await runNorrix(['orgs', 'list'], at)
  expect(list.stdout.replace(/org_\w+/, 'org_0123456789')).toBe(
    '   NAME  ID              ROLE\n*  Acme  org_0123456789  owner   default for prod\n',
  )
})

test('an organization of others is not found, and what is no id is refused before anything is sent', async () => {
  const other = await runNorrix(['whoami', '--org', 'org_nobody'], at)
  expect(other).toMatchObject({ code: 1, stdout: '' })
  expect(other.stderr).toContain('not_found')
  const none = await runNorrix(['whoami', '--org', 'acme'], at)
  expect(none.code).toBe(2)
})

test('an expired access token is renewed by the refresh token, unseen', async () => {
  const record = await storedSession(home.path)
  await storeSession(home.path, { ...record, accessExpiresAt: '2020-01-01T00:00:00.000Z' })
  expect(await runNorrix(['whoami'], at)).toMatchObject({ code: 0, stderr: '' })
  const renewed = await storedSession(home.path)
  expect(renewed.accessToken).not.toBe(record.accessToken)
  expect(Date.parse(renewed.accessExpiresAt)).toBeGreaterThan(Date.now())
})

test('a token that the server refuses is renewed once and the request sent again', async () => {
  const record = await storedSession(home.path)
  await storeSession(home.path, { ...record, accessToken: 'not-a-token-any-more' })
  expect(await runNorrix(['whoami'], at)).toMatchObject({ code: 0, stderr: '' })
})

test.each([
  ['a 502 with a web page', 502, 'text/html', '<html>bad gateway</html>'],
  [
    'a 503 that comes from the server',
    503,
    'application/json',
    '{"error":"temporarily_unavailable"}',
  ],
  ['a 429', 429, 'application/json', '{"error":"invalid_grant"}'],
  ['a captive portal', 200, 'text/html', '<html>please log in</html>'],
  ['another error of the protocol', 400, 'application/json', '{"error":"invalid_client"}'],
])(
  '%s in place of new tokens leaves the session as it is, byte for byte, exit 7 (T37)',
  async (_, status, type, body) => {
    const portal = await serve(status, type, body)
    const elsewhere = temporaryHome()
    const record = await storedSession(home.path)
    await runNorrix(['sign-out'], { home: elsewhere.path, here: true })
    const file = await copySession(elsewhere.path, {
      ...record,
      accessExpiresAt: '2020-01-01T00:00:00.000Z',
      tokenEndpoint: `${portal.url}/token`,
    })
    const before = readFileSync(file, 'utf8')
    const who = await runNorrix(['whoami'], { home: elsewhere.path, here: true })
    expect(who.code).toBe(7)
    expect(who.stderr.replaceAll(/\s+/g, ' ')).toContain('the session is kept')
    expect(readFileSync(file, 'utf8')).toBe(before)
    portal.close()
    elsewhere.remove()
  },
)

test('only the answer invalid_grant ends a session: it is said, and said again without asking', async () => {
  const elsewhere = temporaryHome()
  const done = await signIn(norrix.prod.url, { home: elsewhere.path, here: true })
  expect(done.code).toBe(0)
  const record = await storedSession(elsewhere.path)
  await fetch(record.revocationEndpoint, {
    method: 'POST',
    body: new URLSearchParams({ token: record.refreshToken, client_id: 'norrix-cli' }),
  })
  for (let times = 0; times < 2; times++) {
    const who = await runNorrix(['whoami'], { home: elsewhere.path, here: true })
    expect(who.code).toBe(4)
    expect(who.stderr).toContain('session_ended')
    expect(who.stderr).toContain('fix   norrix sign-in')
  }
  elsewhere.remove()
})

test('sign-out ends the session on the server: its tokens are refused there', async () => {
  const elsewhere = temporaryHome()
  await signIn(norrix.prod.url, { home: elsewhere.path, here: true })
  const record = await storedSession(elsewhere.path)
  const ask = () =>
    fetchBound({ token: record.accessToken, key: record.key }, `${norrix.prod.url}/api/whoami`)
  expect((await ask()).status).toBe(200)
  const out = await runNorrix(['sign-out'], { home: elsewhere.path, here: true })
  expect(out).toMatchObject({ code: 0 })
  expect(out.stdout).toContain('✓ Signed out of prod')
  expect((await ask()).status).toBe(401)
  expect(await runNorrix(['logout'], { home: elsewhere.path, here: true })).toMatchObject({
    code: 0,
  })
  elsewhere.remove()
})

test('sign-out without the server removes the session, says that the server was not told, and exits 0', async () => {
  const elsewhere = temporaryHome()
  const record = await storedSession(home.path)
  const file = await copySession(elsewhere.path, {
    ...record,
    issuer: 'http://127.0.0.1:9',
    revocationEndpoint: 'http://127.0.0.1:9/revoke',
  })
  const out = await runNorrix(['sign-out'], { home: elsewhere.path, here: true })
  expect(out.code).toBe(0)
  expect(out.stdout.replaceAll(/\s+/g, ' ')).toMatch(
    /^! Signed out here\. The server could not be told: this session stays valid there until /,
  )
  expect(() => readFileSync(file)).toThrow('ENOENT')
  elsewhere.remove()
})

test('a text in NORRIX_API_KEY that is no key is refused as one that nobody knows, and its beginning shown', async () => {
  const env = { NORRIX_API_KEY: 'abcdefghijklmnopqrstuvwxyz', NORRIX_API_URL: norrix.prod.url }
  const who = await runNorrix(['whoami'], { ...at, env })
  expect(who.code).toBe(4)
  const said = who.stderr.replaceAll(/\s+/g, ' ')
  expect(said).toContain(`${norrix.prod.url} does not know this API key.`)
  expect(said).toContain('key abcdefghijkl… from NORRIX_API_KEY, prod')
  expect(said).toContain('fix check NORRIX_API_KEY: API keys begin with nrx_')
})

test('errors under --json are one document on stdout', async () => {
  const done = await runNorrix(['whoami', '--dev', '--json'], at)
  expect(JSON.parse(done.stdout)).toEqual({
    error: {
      code: 'not_signed_in',
      message: 'You are not signed in to dev.',
      fix: expect.stringContaining('norrix sign-in --dev'),
      requestId: null,
    },
  })
})

async function copySession(homePath: string, record: SessionRecord): Promise<string> {
  await storeSession(homePath, record)
  return join(homePath, '.norrix/prod/session.json')
}

async function serve(
  status: number,
  type: string,
  body: string,
): Promise<{ url: string; close(): void }> {
  const server: Server = createServer((_, res) => {
    res.writeHead(status, { 'Content-Type': type }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // Listening on an IP address.
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() }
}
