import * as oidc from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browser } from '../../../../../test/identity/browser.ts'
import {
  ana,
  claimByPassword,
  exchange,
  isCallback,
  reachConsent,
  refresh,
  signInCommandLine,
  startCommandLine,
} from '../../../../../test/identity/command-line.ts'
import { serveIdentity, type Served } from '../../../../../test/identity/served.ts'
import { fetchBound, proof, type Bound } from '../../../../../test/kit/proofs.ts'

let served: Served
/** Signed in at the authorization server once, so that later sign-ins need no password. */
let browser: Browser
beforeAll(async () => {
  served = await serveIdentity()
  await claimByPassword(served)
  browser = new Browser()
})
afterAll(() => served.close())

const whoIs = async (bound: Bound) => (await fetchBound(bound, `${served.url}/who`)).status

const refusal = async (call: Promise<unknown>): Promise<string> => {
  const error: unknown = await call.then(
    () => undefined,
    (fault: unknown) => fault,
  )
  if (error instanceof oidc.ResponseBodyError) return error.error
  throw new Error('it was not refused with an OAuth error', { cause: error })
}

test('a standard client signs in on any loopback port and gets tokens of the promised lives', async () => {
  const { line, tokens, bound, callback } = await signInCommandLine(served.url, browser)
  expect(callback.searchParams.get('iss')).toBe(served.url)
  expect(tokens.expires_in).toBe(600)
  expect(tokens.access_token).toMatch(/^[\w-]{43}$/)
  expect(tokens.token_type).toBe('dpop')
  const who = await fetchBound(bound, `${served.url}/who`)
  expect(await who.json()).toMatchObject({ kind: 'session', email: ana.email, via: 'token' })
  const { config, DPoP } = line
  const sub = tokens.claims()?.sub ?? ''
  const info = await oidc.fetchUserInfo(config, tokens.access_token, sub, { DPoP })
  expect(info.sub).toBe(tokens.claims()?.sub)
})

test('the consent page is never skipped and says who, where and how long ago', async () => {
  const line = await startCommandLine(served.url)
  const page = await reachConsent(line, browser)
  expect(page.title).toContain('Sign in the Norrix CLI')
  for (const fact of [
    'ana-laptop',
    ana.email,
    ana.name,
    'Norrix account',
    '127.0.0.1',
    'just now',
  ]) {
    expect(page.text).toContain(fact)
  }
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("form-action 'self' http://127.0.0.1:*")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toContain('unsafe')
  expect(page.headers.get('cache-control')).toBe('no-store')
  const silent = await startCommandLine(served.url, { prompt: 'none' })
  const end = await browser.open(silent.authorizeUrl.href, { stopAt: isCallback })
  expect(end.url.searchParams.get('error')).toBe('interaction_required')
})

test('Cancel reaches the command line as access_denied, with its state, and starts no session', async () => {
  const before = await served.db.kysely.selectFrom('sessions').select('id').execute()
  const line = await startCommandLine(served.url)
  const page = await reachConsent(line, browser)
  const end = await browser.submit(page, '/consent', { answer: 'cancel' }, { stopAt: isCallback })
  expect(end.url.searchParams.get('error')).toBe('access_denied')
  expect(end.url.searchParams.get('state')).toBe(line.state)
  expect(end.url.searchParams.get('code')).toBeNull()
  const after = await served.db.kysely.selectFrom('sessions').select('id').execute()
  expect(after).toEqual(before)
})

test('each sign-in is a session of its own: ending one leaves the other', async () => {
  const first = await signInCommandLine(served.url, browser)
  const second = await signInCommandLine(served.url, browser)
  await oidc.tokenRevocation(first.line.config, first.tokens.refresh_token ?? '')
  expect(await whoIs(first.bound)).toBe(401)
  const again = refresh(first.line, first.tokens)
  expect(await refusal(again)).toBe('invalid_grant')
  expect(await whoIs(second.bound)).toBe(200)
})

test('ending a grant ends its access token, its refresh token and its unspent code', async () => {
  const { tokens, bound, line } = await signInCommandLine(served.url, browser)
  const [row] = await served.db.kysely
    .selectFrom('sessions')
    .select('grant_hash')
    .where('kind', '=', 'cli')
    .orderBy('created_at', 'desc')
    .limit(1)
    .execute()
  await served.db.transaction((tx) => served.identity.states.endGrant(tx, row?.grant_hash ?? ''))
  expect(await whoIs(bound)).toBe(401)
  const again = refresh(line, tokens)
  expect(await refusal(again)).toBe('invalid_grant')
})

test('twenty refreshes at once with one token all succeed', async () => {
  const { tokens, bound, line } = await signInCommandLine(served.url, browser)
  const all = await Promise.all(Array.from({ length: 20 }, () => refresh(line, tokens)))
  expect(new Set(all.map(({ access_token }) => access_token)).size).toBe(20)
  expect(await whoIs({ ...bound, token: all[7]?.access_token ?? '' })).toBe(200)
})

test('a refresh token dies 30 days after its last use, and 90 days after its first', async () => {
  const own = await serveIdentity()
  try {
    await claimByPassword(own)
    const { tokens, line } = await signInCommandLine(own.url)
    const day = 24 * 60 * 60 * 1000
    const expiry = async () =>
      (
        await own.db.kysely
          .selectFrom('oidc_states')
          .select('expires_at')
          .where('model', '=', 'RefreshToken')
          .executeTakeFirst()
      )?.expires_at ?? 0
    const born = Date.now()
    expect(((await expiry()) - born) / day).toBeCloseTo(30, 1)
    for (const [passed, end] of [
      [20, 50],
      [25, 75],
      [20, 90],
    ] as const) {
      own.pass(passed * day)
      await refresh(line, tokens)
      expect(((await expiry()) - born) / day).toBeCloseTo(end, 1)
    }
    own.pass(30 * day)
    const late = refresh(line, tokens)
    expect(await refusal(late)).toBe('invalid_grant')
  } finally {
    await own.close()
  }
})

test('a code that is used twice is refused, and what its first use gave is dead (T3)', async () => {
  const { tokens, bound, line, callback } = await signInCommandLine(served.url, browser)
  expect(await refusal(exchange(line, callback))).toBe('invalid_grant')
  expect(await whoIs(bound)).toBe(401)
  const again = refresh(line, tokens)
  expect(await refusal(again)).toBe('invalid_grant')
  const audit = await served.db.kysely
    .selectFrom('audit_events')
    .select('actor_name')
    .where('action', '=', 'sessions.revoke_tokens')
    .execute()
  expect(audit.map(({ actor_name }) => actor_name)).toContain(ana.email)
})

test('of two exchanges of one code at the same moment at most one gives tokens, and they are dead (T3)', async () => {
  const line = await startCommandLine(served.url)
  const page = await reachConsent(line, browser)
  const end = await browser.submit(page, '/consent', { answer: 'sign-in' }, { stopAt: isCallback })
  const both = await Promise.allSettled([exchange(line, end.url), exchange(line, end.url)])
  const given = both.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  expect(given.length).toBeLessThanOrEqual(1)
  for (const { access_token: token } of given)
    expect(await whoIs({ token, key: line.key })).toBe(401)
})

test('a code lives one minute', async () => {
  const own = await serveIdentity()
  try {
    await claimByPassword(own)
    const line = await startCommandLine(own.url)
    const mine = new Browser()
    const page = await reachConsent(line, mine)
    const end = await mine.submit(page, '/consent', { answer: 'sign-in' }, { stopAt: isCallback })
    own.pass(61_000)
    expect(await refusal(exchange(line, end.url))).toBe('invalid_grant')
  } finally {
    await own.close()
  }
})

test('no request goes without PKCE, and none with `plain` (T4)', async () => {
  const line = await startCommandLine(served.url)
  const challenges: readonly Record<string, string | undefined>[] = [
    { code_challenge: undefined, code_challenge_method: undefined },
    { code_challenge: line.verifier, code_challenge_method: 'plain' },
    { code_challenge_method: undefined },
  ]
  for (const challenge of challenges) {
    const url = new URL(line.authorizeUrl)
    for (const [name, value] of Object.entries(challenge)) {
      if (value === undefined) url.searchParams.delete(name)
      else url.searchParams.set(name, value)
    }
    const end = await browser.open(url.href, { stopAt: isCallback })
    expect(end.url.searchParams.get('error'), JSON.stringify(challenge)).toBe('invalid_request')
    expect(end.url.searchParams.get('state')).toBe(line.state)
  }
})

test('a token request without the verifier, or with another, gets nothing (T4)', async () => {
  const line = await startCommandLine(served.url)
  const page = await reachConsent(line, browser)
  const end = await browser.submit(page, '/consent', { answer: 'sign-in' }, { stopAt: isCallback })
  const ask = async (verifier: string | undefined) =>
    fetch(`${served.url}/token`, {
      method: 'POST',
      headers: { dpop: await proof(line.key, { method: 'POST', url: `${served.url}/token` }) },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: 'norrix-cli',
        redirect_uri: line.redirectUri,
        code: end.url.searchParams.get('code') ?? '',
        ...(verifier === undefined ? {} : { code_verifier: verifier }),
      }),
    })
  for (const verifier of [undefined, oidc.randomPKCECodeVerifier()]) {
    const answer = await ask(verifier)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: 'invalid_grant' })
  }
  expect((await exchange(line, end.url)).access_token).toBeTruthy()
})

test('a redirect address is taken only on the literal loopback address and the exact path (T5)', async () => {
  const line = await startCommandLine(served.url)
  const refused = [
    'https://evil.test/callback',
    'http://localhost:49321/callback',
    'http://[::1]:49321/callback',
    'http://127.0.0.1.evil.test:49321/callback',
    'http://127.0.0.1@evil.test/callback',
    'http://evil.test@127.0.0.1:1/callback',
    'http://127.0.0.1:49321/callback/',
    'http://127.0.0.1:49321/other',
    'http://127.0.0.1:49321/callback?next=//evil.test',
    'http://127.0.0.1:49321/callback#x',
    'https://127.0.0.1:49321/callback',
    'javascript:alert(1)//callback',
    `${served.url}/signed-in/dashboard`,
  ]
  for (const redirect of refused) {
    const url = new URL(line.authorizeUrl)
    url.searchParams.set('redirect_uri', redirect)
    const page = await browser.open(url.href)
    expect(page.status, redirect).toBe(400)
    expect(page.url.origin, redirect).toBe(served.url)
    expect(page.text, redirect).not.toContain('evil.test')
  }
})

test('what a program calls its device is shown as text and nothing else (T10)', async () => {
  for (const device of ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "'&lt;"]) {
    const line = await startCommandLine(served.url, { device })
    const page = await reachConsent(line, browser)
    expect(page.text).not.toContain('<script')
    expect(page.text).not.toContain('<img')
    expect(page.text).toContain(
      device
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;')
        .replaceAll("'", '&#39;'),
    )
  }
  const turned = await startCommandLine(served.url, { device: 'laptop\u202egro.live' })
  expect((await reachConsent(turned, browser)).text).toContain('unnamed device')
})

test('a request opened in another browser is refused there and goes on in its own', async () => {
  const line = await startCommandLine(served.url)
  const page = await reachConsent(line, browser)
  const stranger = await new Browser().open(page.url.href)
  expect(stranger.status).toBe(404)
  const post = await new Browser().post(`${page.url.href}/consent`, { answer: 'sign-in' })
  expect(post.status).toBe(404)
  const end = await browser.submit(page, '/consent', { answer: 'sign-in' }, { stopAt: isCallback })
  expect((await exchange(line, end.url)).access_token).toBeTruthy()
})

test('a page of another port cannot approve a waiting request (ruling 21)', async () => {
  const line = await startCommandLine(served.url)
  const page = await reachConsent(line, browser)
  const forged = await browser.post(
    `${page.url.href}/consent`,
    { answer: 'sign-in' },
    { from: 'http://127.0.0.1:9' },
  )
  expect(forged.status).toBe(403)
  expect(forged.text).toContain('origin_refused')
})

test('opening an address approves nothing: only the form does (T102)', async () => {
  const line = await startCommandLine(served.url)
  const page = await reachConsent(line, browser)
  for (const address of ['/consent?answer=sign-in', '/cancel', '/another', '/sign-in']) {
    const got = await browser.open(`${page.url.href}${address}`, { stopAt: isCallback })
    expect(got.status, address).toBe(405)
  }
  expect((await browser.open(page.url.href)).title).toContain('Sign in the Norrix CLI')
})

test('another account can be chosen on the consent page', async () => {
  const line = await startCommandLine(served.url)
  const mine = new Browser()
  const consent = await reachConsent(line, mine)
  const again = await mine.submit(consent, '/another', {}, { stopAt: isCallback })
  expect(again.text).toContain('Sign in to Norrix')
  const back = await mine.submit(again, '/sign-in', { email: ana.email, password: ana.password })
  expect(back.title).toContain('Sign in the Norrix CLI')
  const end = await mine.submit(back, '/consent', { answer: 'sign-in' }, { stopAt: isCallback })
  expect((await exchange(line, end.url)).access_token).toBeTruthy()
})

test('a disabled account is refused at sign-in and its refresh token stops working', async () => {
  const own = await serveIdentity()
  try {
    await claimByPassword(own)
    const { tokens, line, browser: mine } = await signInCommandLine(own.url)
    await own.db.kysely.updateTable('accounts').set({ disabled_at: 1 }).execute()
    const again = refresh(line, tokens)
    expect(await refusal(again)).toBe('invalid_grant')
    const page = await mine.open((await startCommandLine(own.url)).authorizeUrl.href)
    expect(page.title).toContain('Sign in')
    const end = await mine.submit(page, '/sign-in', { email: ana.email, password: ana.password })
    expect(end.status).toBe(403)
    expect(end.text).toContain('This account is disabled')
  } finally {
    await own.close()
  }
})

test('after the exchange the signed-in page says who, and holds no code', async () => {
  const { browser: mine } = await signInCommandLine(served.url, browser)
  const page = await mine.open(`${served.url}/signed-in`)
  expect(page.text).toContain(ana.email)
  expect(page.text).toContain('You can close this tab')
  expect((await new Browser().open(`${served.url}/signed-in`)).text).not.toContain(ana.email)
})
