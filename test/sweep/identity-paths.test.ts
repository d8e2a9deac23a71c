import * as oidc from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browser, type Page } from '../identity/browser.ts'
import { isCallback, reachConsent, startCommandLine } from '../identity/command-line.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { headerWrongs } from './answers.ts'
import { identityRoutes } from './identity-routes.ts'
import { at, table, uid, type Route, type Scene } from './identity-table.ts'
import { openLedger, type Ledger } from './ledger.ts'
import { signUp } from './sign-up.ts'
import { wireTo, type Answer, type Ask } from './wire.ts'

/**
 * The pages and endpoints that are no operations of the contract: sign-in, claim, consent, and the authorization server's
 * own. Each stands in the table below with an address at which it would do something, if it did.
 */

const gets = Object.entries(table).filter(([name]) => !name.startsWith('POST '))
const posts = Object.entries(table).filter(([, { form: fields }]) => fields !== undefined)

let norrix: Norrix
let ledger: Ledger
let scene: Scene
let wire: ReturnType<typeof wireTo>

beforeAll(async () => {
  // Open, so that somebody is signed in while the claim link still works.
  norrix = await startNorrix({ signUp: { kind: 'open' } })
  const { url } = norrix.prod
  wire = wireTo(url)
  const { browser } = await signUp(norrix.prod, 'bo@example.com')
  const line = await startCommandLine(url)
  const asked = await reachConsent(line, browser)
  if (!asked.forms.some(({ action }) => action.endsWith('/consent'))) throw new Error(asked.text)
  const link = await norrix.prod.ownerLink()
  const device = await oidc.initiateDeviceAuthorization(line.config, { scope: 'openid' })
  scene = {
    url,
    userCode: device.user_code,
    claimToken: new URL(link?.url ?? '').searchParams.get('token') ?? '',
    consent: asked.url.pathname,
    authorizeTarget: line.authorizeUrl.pathname + line.authorizeUrl.search,
    cookies: cookiesOf(browser),
  }
  ledger = await openLedger(norrix.database())
  await ledger.keep()
})
afterAll(async () => {
  wire?.close()
  await ledger?.close()
  await norrix?.stop()
})

/**
 * Whatever the browser was given, on every path: more than it would send, so that no path is safe by luck. Of a name that was
 * given twice, for two requests, the later counts.
 */
function cookiesOf(browser: Browser): string {
  const given = browser.seen.flatMap(({ cookies }) =>
    cookies.map((line) => line.split(';')[0] ?? ''),
  )
  const pairs = given.map((pair) => [pair.slice(0, pair.indexOf('=')), pair] as const)
  return [...new Map(pairs.filter(([, pair]) => !pair.endsWith('='))).values()].join('; ')
}

/** Asks, puts back what that wrote, and says which tables it was. */
async function ask(request: Ask): Promise<{ answer: Answer; changes: readonly string[] }> {
  const answer = await wire.send(request)
  const changes = await ledger.changes()
  if (changes.length > 0) await ledger.restore(changes)
  return { answer, changes }
}

function post(route: Route, headers: Readonly<Record<string, string>>): Ask {
  const body = new URLSearchParams(route.form?.(scene)).toString()
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  return { method: 'POST', target: route.target(scene), headers: { ...type, ...headers }, body }
}

test('every address of identity is in the table', async ({ annotate }) => {
  const routes = identityRoutes()
  await annotate(`Access sweep: ${routes.length} routes of identity beside the contract`)
  expect(routes.length).toBeGreaterThan(20)
  expect(Object.keys(table).toSorted()).toEqual(routes.toSorted())
})

test('the discovery documents name nothing that is not in the table', async () => {
  for (const name of ['openid-configuration', 'oauth-authorization-server']) {
    const { answer } = await ask({ method: 'GET', target: `/.well-known/${name}` })
    const named: Record<string, unknown> = JSON.parse(answer.text)
    const endpoints = Object.entries(named).filter(([field]) => /_endpoint$|^jwks_uri$/.test(field))
    expect(endpoints.length).toBeGreaterThan(3)
    for (const [, address] of endpoints) {
      expect(Object.keys(table)).toContain(`ANY ${new URL(String(address)).pathname}`)
    }
  }
})

test.each(gets)('%s: a GET changes nothing, is not kept and not framed', async (_name, route) => {
  const accept = { accept: 'text/html' }
  for (const headers of [accept, { ...accept, cookie: scene.cookies }]) {
    const { answer, changes } = await ask({ method: 'GET', target: route.target(scene), headers })
    expect(changes.filter((name) => !route.writes?.includes(name))).toEqual([])
    expect(headerWrongs(answer)).toEqual([])
    expect(String(answer.headers.location)).not.toMatch(/[?&]code=/)
    expect(answer.status).toBeLessThan(500)
    expect(answer.text).not.toMatch(/\n\s+at |node_modules/)
  }
})

test.each(posts)('%s: a page of another origin cannot post here', async (_name, route) => {
  const places = [
    { origin: 'http://localhost:1', 'sec-fetch-site': 'same-site' },
    { origin: 'http://localhost:1', 'sec-fetch-site': 'same-origin' },
    { origin: scene.url, 'sec-fetch-site': 'same-site' },
    { origin: 'null', 'sec-fetch-site': 'cross-site' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  ]
  for (const place of places) {
    const { answer, changes } = await ask(post(route, { ...place, cookie: scene.cookies }))
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([403, 'origin_refused'])
    expect(headerWrongs(answer)).toEqual([])
    expect(changes).toEqual([])
  }
  const bare = await ask(post(route, { cookie: scene.cookies }))
  expect([bare.answer.status, bare.changes]).toEqual([403, []])
  // Without our cookies too: signing a visitor in as somebody else needs none (login CSRF).
  const fresh = await ask(
    post(route, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }),
  )
  expect([fresh.answer.status, fresh.changes]).toEqual([403, []])
})

test('the same posts from a page of ours do what they say, so the refusals above were for the origin', async () => {
  const own = { origin: scene.url, 'sec-fetch-site': 'same-origin', cookie: scene.cookies }
  const claimed = await ask(post(table['POST /claim'] ?? at(''), own))
  expect([claimed.answer.status, claimed.changes.includes('orgs')]).toEqual([303, true])
  const signedOut = await ask(post(table['POST /sign-out'] ?? at(''), own))
  expect([signedOut.answer.status, signedOut.changes.includes('sessions')]).toEqual([303, true])
  const entered = await ask(post(table['POST /device'] ?? at(''), own))
  expect([entered.answer.status, entered.changes]).toEqual([303, ['oidc_states']])
  const said = await ask(post(table[`POST /interaction/${uid}/consent`] ?? at(''), own))
  expect([said.answer.status, said.changes.includes('sessions')]).toEqual([303, true])
})

test('a GET that ends a sign-in does so in the browser that began it and nowhere else', async () => {
  const browser = new Browser()
  const isReturn = (url: URL): boolean => url.pathname === '/signed-in/dashboard'
  const form = await browser.open(`${scene.url}/sign-in`)
  const fields = { email: 'bo@example.com', password: 'only for tests, bo' }
  const stopped: Page = await browser.submit(form, '/sign-in', fields, { stopAt: isReturn })
  await ledger.keep()
  const target = stopped.url.pathname + stopped.url.search
  // A link preview, a scanner or a thief follows the address first.
  for (const headers of [{}, { cookie: scene.cookies }]) {
    const { answer, changes } = await ask({ method: 'GET', target, headers })
    expect([answer.status, changes]).toEqual([400, []])
  }
  const done = await browser.open(stopped.url.href)
  expect(done.url.pathname).toBe('/')
  expect(await ledger.changes()).toContain('sessions')
  await ledger.keep()
})

test('a stolen consent address shows nothing and gives nothing in another browser', async () => {
  const { answer, changes } = await ask({
    method: 'GET',
    target: scene.consent,
    headers: { accept: 'text/html' },
  })
  expect(answer.status).toBe(404)
  expect(answer.text).not.toContain('bo@example.com')
  expect(changes).toEqual([])
  const thief = new Browser()
  const page = await thief.open(`${scene.url}${scene.authorizeTarget}`, { stopAt: isCallback })
  expect(page.text).not.toContain('bo@example.com')
})
