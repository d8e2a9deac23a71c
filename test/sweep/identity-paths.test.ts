import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browser, type Page } from '../identity/browser.ts'
import { isCallback, reachConsent, startCommandLine } from '../identity/command-line.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { headerWrongs } from './answers.ts'
import { identityRoutes } from './identity-routes.ts'
import { openLedger, type Ledger } from './ledger.ts'
import { signUp } from './sign-up.ts'
import { wireTo, type Answer, type Ask } from './wire.ts'

/**
 * The pages and endpoints that are no operations of the contract: sign-in, claim, consent, and the authorization server's
 * own. Each stands in the table below with an address at which it would do something, if it did.
 */

interface Scene {
  readonly url: string
  readonly claimToken: string
  /** The path of a request of the command line that waits for consent, and what its browser holds. */
  readonly consent: string
  readonly authorizeTarget: string
  /** `name=value; …` of the browser in which somebody is signed in and asked for consent. */
  readonly cookies: string
}

interface Route {
  readonly target: (scene: Scene) => string
  /** What a POST sends: what would work if it came from our own page. */
  readonly form?: (scene: Scene) => Readonly<Record<string, string>>
  /** The tables that a GET may write to, and why. */
  readonly writes?: readonly string[]
}

const account = { name: '', email: 'eve@example.com', password: 'only for tests, eve' }
const page = (target: (scene: Scene) => string): Route => ({ target })
const at = (path: string): Route => ({ target: () => path })
const form = (target: Route['target'], fields: NonNullable<Route['form']>): Route => ({
  target,
  form: fields,
})

const uid = '([\\w-]+)'
const table: Readonly<Record<string, Route>> = {
  'GET /claim': page(({ claimToken }) => `/claim?token=${claimToken}`),
  'POST /claim': form(
    () => '/claim',
    ({ claimToken }) => ({ ...account, token: claimToken, orgName: 'Eve and sons' }),
  ),
  'GET /claim/with/([a-z0-9-]+)': page(({ claimToken }) => `/claim/with/none?token=${claimToken}`),
  'GET /claim/confirm': at('/claim/confirm?trip=sweep'),
  'POST /claim/confirm': form(
    () => '/claim/confirm',
    () => ({ trip: 'sweep', orgName: 'Eve and sons' }),
  ),
  'GET /sign-in': at('/sign-in?return_to=/'),
  'GET /sign-in/([a-z0-9-]+)/callback': at('/sign-in/none/callback?code=sweep&state=sweep'),
  'GET /signed-in': at('/signed-in'),
  'GET /signed-in/dashboard': at('/signed-in/dashboard?code=sweep&state=sweep'),
  'GET /signed-out': at('/signed-out'),
  'POST /sign-out': form(
    () => '/sign-out',
    () => ({}),
  ),
  [`GET /interaction/${uid}`]: page(({ consent }) => consent),
  [`POST /interaction/${uid}/sign-in`]: form(
    ({ consent }) => `${consent}/sign-in`,
    () => ({ email: 'bo@example.com', password: 'only for tests, bo' }),
  ),
  [`GET /interaction/${uid}/sign-up`]: page(({ consent }) => `${consent}/sign-up`),
  [`POST /interaction/${uid}/sign-up`]: form(
    ({ consent }) => `${consent}/sign-up`,
    () => account,
  ),
  [`GET /interaction/${uid}/with/([a-z0-9-]+)`]: page(({ consent }) => `${consent}/with/none`),
  [`GET /interaction/${uid}/return`]: page(({ consent }) => `${consent}/return?trip=sweep`),
  [`POST /interaction/${uid}/consent`]: form(
    ({ consent }) => `${consent}/consent`,
    () => ({ answer: 'sign-in' }),
  ),
  [`POST /interaction/${uid}/cancel`]: form(
    ({ consent }) => `${consent}/cancel`,
    () => ({}),
  ),
  [`POST /interaction/${uid}/another`]: form(
    ({ consent }) => `${consent}/another`,
    () => ({}),
  ),
  'ANY /.well-known/openid-configuration': at('/.well-known/openid-configuration'),
  'ANY /.well-known/oauth-authorization-server': at('/.well-known/oauth-authorization-server'),
  // A request is written down before anybody is asked (RFC 6749 section 3.1 has it come by GET). It gives nobody anything.
  'ANY /authorize': {
    ...form(
      ({ authorizeTarget }) => authorizeTarget,
      () => ({}),
    ),
    writes: ['oidc_states'],
  },
  // Goes on with a request, which has not been answered yet: the person is asked again.
  'ANY /authorize/[\\w-]{20,}': {
    ...form(
      ({ consent }) => consent.replace('/interaction/', '/authorize/'),
      () => ({}),
    ),
    writes: ['oidc_states'],
  },
  'ANY /token': form(
    () => '/token',
    () => ({ grant_type: 'refresh_token', refresh_token: 'sweep', client_id: 'norrix-cli' }),
  ),
  'ANY /jwks': at('/jwks'),
  'ANY /revoke': form(
    () => '/revoke',
    () => ({ token: 'sweep', client_id: 'norrix-cli' }),
  ),
  'ANY /userinfo': form(
    () => '/userinfo',
    () => ({}),
  ),
}

const gets = Object.entries(table).filter(([name]) => !name.startsWith('POST '))
const posts = Object.entries(table).filter(([, { form: fields }]) => fields !== undefined)

let norrix: Norrix
let ledger: Ledger
let scene: Scene
let wire: ReturnType<typeof wireTo>

beforeAll(async () => {
  // Open, so that somebody is signed in while the claim link still works.
  norrix = await startNorrix({ signUp: { kind: 'open' } })
  const { url, dataFolder } = norrix.prod
  wire = wireTo(url)
  const { browser } = await signUp(norrix.prod, 'bo@example.com')
  const line = await startCommandLine(url)
  const asked = await reachConsent(line, browser)
  if (!asked.forms.some(({ action }) => action.endsWith('/consent'))) throw new Error(asked.text)
  const link = await norrix.prod.ownerLink()
  scene = {
    url,
    claimToken: new URL(link?.url ?? '').searchParams.get('token') ?? '',
    consent: asked.url.pathname,
    authorizeTarget: line.authorizeUrl.pathname + line.authorizeUrl.search,
    cookies: cookiesOf(browser),
  }
  ledger = openLedger(join(dataFolder, 'norrix.db'))
  ledger.keep()
})
afterAll(async () => {
  wire?.close()
  ledger?.close()
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
  const changes = ledger.changes()
  if (changes.length > 0) ledger.restore(changes)
  return { answer, changes }
}

function post(route: Route, headers: Readonly<Record<string, string>>): Ask {
  const body = new URLSearchParams(route.form?.(scene)).toString()
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  return { method: 'POST', target: route.target(scene), headers: { ...type, ...headers }, body }
}

test('every address of identity is in the table', () => {
  const routes = identityRoutes()
  console.log(`Identity: ${routes.length} routes beside the contract.\n${routes.join('\n')}`)
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
  const said = await ask(post(table[`POST /interaction/${uid}/consent`] ?? at(''), own))
  expect([said.answer.status, said.changes.includes('sessions')]).toEqual([303, true])
})

test('a GET that ends a sign-in does so in the browser that began it and nowhere else', async () => {
  const browser = new Browser()
  const isReturn = (url: URL): boolean => url.pathname === '/signed-in/dashboard'
  const form = await browser.open(`${scene.url}/sign-in`)
  const fields = { email: 'bo@example.com', password: 'only for tests, bo' }
  const stopped: Page = await browser.submit(form, '/sign-in', fields, { stopAt: isReturn })
  ledger.keep()
  const target = stopped.url.pathname + stopped.url.search
  // A link preview, a scanner or a thief follows the address first.
  for (const headers of [{}, { cookie: scene.cookies }]) {
    const { answer, changes } = await ask({ method: 'GET', target, headers })
    expect([answer.status, changes]).toEqual([400, []])
  }
  const done = await browser.open(stopped.url.href)
  expect(done.url.pathname).toBe('/')
  expect(ledger.changes()).toContain('sessions')
  ledger.keep()
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
