import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browser } from '../../../../../test/identity/browser.ts'
import {
  ana,
  claimByPassword,
  isCallback,
  reachConsent,
  signInCommandLine,
  startCommandLine,
} from '../../../../../test/identity/command-line.ts'
import { serveIdentity, type Served } from '../../../../../test/identity/served.ts'
import { sweptAfterMs } from './states.ts'

let served: Served
beforeAll(async () => {
  served = await serveIdentity()
})
afterAll(() => served.close())

test('a dump of the database holds nothing that a request could be made with (ruling 24)', async () => {
  const link = (await served.identity.ownerLink())?.url ?? ''
  const claimed = new Browser()
  await claimed.submit(await claimed.open(link), '/claim', ana)
  const browser = new Browser()
  const { tokens, callback } = await signInCommandLine(served.url, browser)
  // One sign-in at each of its stops: waiting for the password, for consent, and for its code to be spent.
  const asked = new Browser()
  const signIn = await asked.open((await startCommandLine(served.url)).authorizeUrl.href)
  const consent = await reachConsent(await startCommandLine(served.url), browser)
  const line = await startCommandLine(served.url)
  const page = await reachConsent(line, browser)
  const unspent = await browser.submit(
    page,
    '/consent',
    { answer: 'sign-in' },
    { stopAt: isCallback },
  )
  await browser.open(`${served.url}/sign-in`)

  const cookies = [claimed, browser, asked].flatMap((each) =>
    each.seen.flatMap(({ cookies: lines }) =>
      lines.map((set) => /=([^;]*)/.exec(set)?.[1] ?? '').filter((value) => value.length > 20),
    ),
  )
  const secrets = [
    ana.password,
    new URL(link).searchParams.get('token') ?? '',
    tokens.access_token,
    tokens.refresh_token ?? '',
    tokens.id_token ?? '',
    callback.searchParams.get('code') ?? '',
    unspent.url.searchParams.get('code') ?? '',
    signIn.url.pathname.split('/')[2] ?? '',
    consent.url.pathname.split('/')[2] ?? '',
    line.verifier,
    ...cookies.flatMap((value) => value.split('.')),
  ].filter((secret) => secret.length >= 12)
  expect(secrets.length).toBeGreaterThan(25)
  const bytes = await served.dump()
  expect(bytes.length).toBeGreaterThan(5000)
  expect(bytes).toContain(ana.email)
  for (const secret of secrets) expect(bytes.includes(secret), secret.slice(0, 6)).toBe(false)
})

test('the log holds no secret either', () => {
  const log = served.log.join('')
  expect(log).not.toContain(ana.password)
  expect(log).not.toMatch(/[?&](code|state|token)=(?!\[redacted\])/)
})

test('passwords lie under scrypt with its cost beside them', async () => {
  const [account] = await served.db.kysely.selectFrom('accounts').selectAll().execute()
  expect(account?.password_hash).toMatch(/^scrypt\$10\$8\$1\$[\w-]{22}\$[\w-]{43}$/)
})

test('keys lie in files that nobody else can read, and outlive a restart', () => {
  const folder = join(served.folder, 'secrets')
  const names = readdirSync(folder).sort()
  expect(names).toEqual(['cookie-key', 'signing-keys.json'])
  for (const name of names) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
})

test('what has expired is swept away, and what lives is not', async () => {
  const count = async () =>
    (await served.db.kysely.selectFrom('oidc_states').select('model').execute()).length
  const before = await count()
  served.pass(15 * 60_000 + sweptAfterMs + 1000)
  await fetch(`${served.url}/jwks`)
  await new Promise((resolve) => setTimeout(resolve, 200))
  const models = await served.db.kysely
    .selectFrom('oidc_states')
    .select('model')
    .distinct()
    .execute()
  expect(await count()).toBeLessThan(before)
  const left = models.map(({ model }) => model)
  expect(left).toContain('RefreshToken')
  expect(left).not.toContain('AuthorizationCode')
  expect(left).not.toContain('Interaction')
})

test('nothing is printed when the feature starts, signs somebody in and meets a fault', async () => {
  const script = `
    import { serveIdentity } from './test/identity/served.ts'
    import { claimByPassword, signInCommandLine } from './test/identity/command-line.ts'
    const served = await serveIdentity()
    await claimByPassword(served)
    await signInCommandLine(served.url)
    await fetch(served.url + '/authorize?client_id=nobody')
    await fetch(served.url + '/token', { method: 'POST', body: 'x' })
    await served.close()`
  const root = join(import.meta.dirname, '../../../../..')
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { cwd: root })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const code = await new Promise((resolve) => child.on('close', resolve))
  expect(printed).toBe('')
  expect(code).toBe(0)
})

test('a fault of the authorization server is a page or JSON with no insides shown', async () => {
  const page = await new Browser().open(
    `${served.url}/authorize?client_id=nobody&response_type=code`,
  )
  expect(page.status).toBe(400)
  expect(page.headers.get('content-type')).toContain('text/html')
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(page.text).not.toMatch(/node_modules|at \w+ \(|oidc-provider/)
  const answer = await fetch(`${served.url}/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'x' }),
  })
  expect(answer.status).toBe(400)
  expect(answer.headers.get('content-type')).toContain('application/json')
  const cors = await fetch(`${served.url}/token`, {
    method: 'POST',
    headers: { origin: 'https://evil.test' },
    body: new URLSearchParams({ grant_type: 'x' }),
  })
  expect(cors.headers.get('access-control-allow-origin')).toBeNull()
})

test('the database refusing to answer is a fault page with a request id, not a stack', async () => {
  const own = await serveIdentity()
  await claimByPassword(own)
  await own.db.kysely.schema.dropTable('oidc_states').execute()
  try {
    const page = await new Browser().open(
      `${own.url}/authorize?client_id=norrix-cli&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcallback&response_type=code&scope=openid&code_challenge=${'x'.repeat(43)}&code_challenge_method=S256`,
      { stopAt: isCallback },
    )
    expect(page.status).toBe(500)
    expect(page.text).toMatch(/<code>internal<\/code> <code>req_\w+<\/code>/)
    expect(page.text).not.toMatch(/oidc_states|SqliteError|node_modules/)
    const logged = own.log.find((text) => text.includes('identity.protocol_failed')) ?? ''
    expect(logged).toContain('req_')
    expect(logged).toContain('oidc_states')
  } finally {
    await own.close()
  }
})
