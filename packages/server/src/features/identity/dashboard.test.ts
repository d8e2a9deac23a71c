import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browser } from '../../../../../test/identity/browser.ts'
import { ana, claimByPassword } from '../../../../../test/identity/command-line.ts'
import { serveIdentity, type Served } from '../../../../../test/identity/served.ts'

let prod: Served
let dev: Served
/** One browser, signed in to both environments: as Ana to prod, as Bo to dev. */
let browser: Browser
const bo = { ...ana, email: 'bo@example.com', orgName: 'Nightly Lab' }

beforeAll(async () => {
  ;[prod, dev] = await Promise.all([serveIdentity(), serveIdentity({ kind: 'dev' })])
  await claimByPassword(prod)
  const link = (await dev.identity.ownerLink())?.url ?? ''
  const other = new Browser()
  await other.submit(await other.open(link), '/claim', bo)
  browser = new Browser()
  await signIn(prod, ana, '/')
  await signIn(dev, bo, '/')
})
afterAll(() => Promise.all([prod.close(), dev.close()]))

async function signIn(served: Served, who: { email: string; password: string }, returnTo: string) {
  const page = await browser.open(`${served.url}/sign-in?return_to=${encodeURIComponent(returnTo)}`)
  if (page.forms.length === 0) return page
  return browser.submit(page, '/sign-in', { email: who.email, password: who.password })
}
const whoAt = async (served: Served, as = browser) =>
  (JSON.parse((await as.open(`${served.url}/who`)).text) as { email?: string }).email

test('signing in leads back to the page that asked, with an HttpOnly cookie of the environment', async () => {
  const end = await signIn(prod, ana, '/o/org_1/builds?tab=all')
  expect(end.url.href).toBe(`${prod.url}/o/org_1/builds?tab=all`)
  expect(await whoAt(prod)).toBe(ana.email)
  const set = browser.seen
    .flatMap(({ cookies }) => cookies)
    .filter((line) => line.startsWith('norrix_prod_session='))
  expect(set.length).toBeGreaterThan(0)
  for (const line of set) expect(line).toMatch(/; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/)
})

test('`return_to` never leads off our own origin (T5)', async () => {
  const corpus = [
    '//evil.test',
    '/\\evil.test',
    '\\\\evil.test',
    'https:evil.test',
    'https://evil.test/',
    'http://evil.test\\@127.0.0.1/',
    '@evil.test',
    '/%2f%2fevil.test/../..//evil.test',
    '/a/..//evil.test',
    '/\t/evil.test',
    '/\n//evil.test',
    ' //evil.test',
    'javascript:alert(1)',
    'data:text/html,x',
    '/．．//evil.test',
    '//evil。test',
    `${prod.url}@evil.test/`,
    `//user:pass@evil.test`,
    '///evil.test',
    '/./ /evil.test\r\nSet-Cookie: x=1',
  ]
  for (const target of corpus) {
    const end = await signIn(prod, ana, target)
    expect(end.url.origin, target).toBe(prod.url)
    expect(end.url.pathname, target).not.toMatch(/^\/\//)
    expect(end.status, target).toBe(200)
  }
})

test('every sign-in makes a new session and ends the one the browser had (T15)', async () => {
  const before = browser.cookie('norrix_prod_session') ?? ''
  await signIn(prod, ana, '/')
  const after = browser.cookie('norrix_prod_session') ?? ''
  expect(after).not.toBe(before)
  const thief = new Browser()
  thief.setCookie(prod.url, 'norrix_prod_session', before)
  expect(await whoAt(prod, thief)).toBeUndefined()
})

test('a session cookie that was planted before the sign-in is worth nothing after it (T15)', async () => {
  const victim = new Browser()
  victim.setCookie(prod.url, 'norrix_prod_session', 'A'.repeat(43))
  const page = await victim.open(`${prod.url}/sign-in`)
  await victim.submit(page, '/sign-in', { email: ana.email, password: ana.password })
  expect(await whoAt(prod, victim)).toBe(ana.email)
  const planter = new Browser()
  planter.setCookie(prod.url, 'norrix_prod_session', 'A'.repeat(43))
  expect(await whoAt(prod, planter)).toBeUndefined()
})

test("somebody else's answer is not acted on, and the true one still is (T1, T2)", async () => {
  const attacker = new Browser()
  const away = (url: URL) => url.pathname === '/signed-in/dashboard'
  const start = await attacker.open(`${prod.url}/sign-in`, { stopAt: away })
  const stolen = await attacker.submit(
    start,
    '/sign-in',
    { email: ana.email, password: ana.password },
    { stopAt: away },
  )
  expect(stolen.url.searchParams.get('code')).toBeTruthy()
  const victim = new Browser()
  const waiting = await victim.open(`${prod.url}/sign-in`, { stopAt: away })
  for (const address of [
    stolen.url.href,
    `${prod.url}/signed-in/dashboard?error=access_denied`,
    `${prod.url}/signed-in/dashboard?error=access_denied&state=${'x'.repeat(54)}`,
    `${prod.url}/signed-in/dashboard`,
  ]) {
    const page = await victim.open(address)
    expect(page.status, address).toBe(400)
    expect(victim.cookie('norrix_prod_session')).toBeUndefined()
  }
  const end = await victim.submit(waiting, '/sign-in', { email: ana.email, password: ana.password })
  expect(end.status).toBe(200)
  expect(await whoAt(prod, victim)).toBe(ana.email)
})

test('two people in two environments of one browser do not disturb each other (T97)', async () => {
  expect(await whoAt(prod)).toBe(ana.email)
  expect(await whoAt(dev)).toBe(bo.email)
  expect(browser.cookieNames.every((name) => /^norrix_(prod|dev)_/.test(name))).toBe(true)
  await browser.post(`${dev.url}/sign-out`, {})
  expect(await whoAt(dev)).toBeUndefined()
  expect(await whoAt(prod)).toBe(ana.email)
  await signIn(dev, bo, '/')
})

test('a page of another localhost port cannot sign anybody out (T78, T97)', async () => {
  for (const from of [dev.url, 'http://127.0.0.1:1', 'null', 'https://evil.test']) {
    const page = await browser.post(`${prod.url}/sign-out`, {}, { from })
    expect(page.status, from).toBe(403)
  }
  expect(await whoAt(prod)).toBe(ana.email)
})

test('no GET signs anybody out (T78, T102)', async () => {
  expect((await browser.open(`${prod.url}/sign-out`)).status).toBe(405)
  expect(await whoAt(prod)).toBe(ana.email)
})

test('signing out ends the session at the server and asks for the password the next time', async () => {
  await signIn(prod, ana, '/')
  const old = browser.cookie('norrix_prod_session') ?? ''
  const page = await browser.post(`${prod.url}/sign-out`, {})
  expect(page.url.pathname).toBe('/signed-out')
  expect(browser.cookie('norrix_prod_session')).toBeUndefined()
  expect(browser.cookie('norrix_prod_authorization')).toBeUndefined()
  const thief = new Browser()
  thief.setCookie(prod.url, 'norrix_prod_session', old)
  expect(await whoAt(prod, thief)).toBeUndefined()
  const again = await browser.open(`${prod.url}/sign-in`)
  expect(again.text).toContain('type="password"')
})

test('on https every cookie is Secure and bound to our host by its name (T80)', async () => {
  const served = await serveIdentity({
    publicUrl: 'https://norrix.example.com',
    signUp: { kind: 'open' },
  })
  try {
    const get = (path: string) => fetch(served.localOrigin + path, { redirect: 'manual' })
    const begun = await get('/sign-in')
    const authorize = new URL(begun.headers.get('location') ?? '')
    expect(authorize.origin).toBe('https://norrix.example.com')
    const asked = await get(authorize.pathname + authorize.search)
    const cookies = [...begun.headers.getSetCookie(), ...asked.headers.getSetCookie()]
    expect(cookies.length).toBeGreaterThanOrEqual(5)
    for (const line of cookies) {
      expect(line).toMatch(/^__(Host|Secure)-norrix_prod_/)
      expect(line).toMatch(/; secure/i)
      expect(line).toMatch(/; httponly/i)
      expect(line).toMatch(/; samesite=lax/i)
      if (line.startsWith('__Host-')) expect(line).toMatch(/; path=\/(;|$)/i)
      expect(line).not.toMatch(/; domain=/i)
    }
  } finally {
    await served.close()
  }
})

test('links and endpoints follow the configured address, whatever Host says (T87)', async () => {
  const forged = {
    host: 'evil.test',
    'x-forwarded-host': 'evil.test',
    'x-forwarded-proto': 'https',
  }
  const ask = async (path: string) => {
    const { request } = await import('node:http')
    return new Promise<{ head: string; body: string }>((resolve, reject) => {
      const req = request(prod.localOrigin + path, { headers: forged }, (res) => {
        let body = ''
        res.on('data', (chunk: Buffer) => (body += chunk.toString()))
        res.on('end', () => resolve({ head: JSON.stringify(res.headers), body }))
      })
      req.on('error', reject).end()
    })
  }
  for (const path of ['/.well-known/openid-configuration', '/sign-in', '/claim?token=x']) {
    const { head, body } = await ask(path)
    expect(head + body, path).not.toContain('evil.test')
  }
  const metadata = JSON.parse((await ask('/.well-known/openid-configuration')).body) as object
  expect(metadata).toMatchObject({
    issuer: prod.url,
    authorization_endpoint: `${prod.url}/authorize`,
    token_endpoint: `${prod.url}/token`,
    jwks_uri: `${prod.url}/jwks`,
    revocation_endpoint: `${prod.url}/revoke`,
    userinfo_endpoint: `${prod.url}/userinfo`,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    id_token_signing_alg_values_supported: ['ES256'],
  })
})
