import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import * as oidc from 'openid-client'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startCognitoDouble, type CognitoDouble } from '../../../../../test/cognito/double.ts'
import { Browser, type Page } from '../../../../../test/identity/browser.ts'
import {
  ana,
  exchange,
  isCallback,
  startCommandLine,
} from '../../../../../test/identity/command-line.ts'
import { startIssuer, type Issuer } from '../../../../../test/identity/issuer.ts'
import { fetchBound } from '../../../../../test/kit/proofs.ts'
import { serveIdentity, type Served } from '../../../../../test/identity/served.ts'
import type { SignUp } from './config.ts'
import { cognitoUpstream } from './upstreams/cognito.ts'

let pool: CognitoDouble
const started: { close(): Promise<unknown> }[] = []
beforeAll(async () => {
  const users = ['ana', 'bo'].map((username) => ({
    username,
    password: 'Correct-horse-9',
    email: `${username}@example.com`,
  }))
  pool = await startCognitoDouble({ users, client: { clientSecret: true } })
})
afterAll(() => pool.close())
afterEach(async () => {
  pool.setOutage('none')
  await Promise.all(started.splice(0).map((each) => each.close()))
})

async function serveWithCognito(signUp: SignUp = { kind: 'invite' }): Promise<Served> {
  const served = await serveIdentity({
    host: 'localhost',
    signUp,
    upstreamsFor: () => [
      {
        kind: 'cognito',
        region: pool.region,
        userPoolId: pool.userPoolId,
        domain: pool.domainOrigin,
        clientId: pool.clientId,
        clientSecret: pool.clientSecret,
        issuer: pool.issuer,
      },
    ],
  })
  started.push(served)
  pool.registerCallback(`${served.url}/sign-in/cognito/callback`)
  return served
}

/** Fills in Cognito's own page, when the browser is on it. */
async function atCognito(browser: Browser, page: Page, username: string, stopAt = isCallback) {
  expect(page.url.origin).toBe(pool.domainOrigin)
  return browser.submit(page, '', { username, password: 'Correct-horse-9' }, { stopAt })
}

async function claimWithCognito(served: Served, browser = new Browser()): Promise<Page> {
  const link = (await served.identity.ownerLink())?.url ?? ''
  const page = await browser.open(link)
  const confirm = await atCognito(browser, await browser.follow(page, 'AWS Cognito'), 'ana')
  return browser.submit(confirm, '/claim/confirm', { orgName: 'Acme' })
}

const rows = async ({ db }: Served) => ({
  accounts: await db.kysely.selectFrom('accounts').select(['issuer', 'subject', 'email']).execute(),
  orgs: await db.kysely.selectFrom('orgs').select('name').execute(),
  sessions: await db.kysely.selectFrom('sessions').select(['kind', 'signed_in_with']).execute(),
})

test('a server is claimed through Cognito, and only the last form claims it (T102)', async () => {
  const served = await serveWithCognito()
  expect(served.identity.signInNames).toEqual(['AWS Cognito'])
  const browser = new Browser()
  const link = (await served.identity.ownerLink())?.url ?? ''
  const page = await browser.open(link)
  expect(page.text).not.toContain('type="password"')
  const confirm = await atCognito(browser, await browser.follow(page, 'AWS Cognito'), 'ana')
  expect(confirm.text).toContain('ana@example.com')
  expect(await rows(served)).toEqual({ accounts: [], orgs: [], sessions: [] })
  const nameless = await browser.submit(confirm, '/claim/confirm', { orgName: ' ' })
  expect(nameless.status).toBe(422)
  const end = await browser.submit(nameless, '/claim/confirm', { orgName: 'Acme' })
  expect(end.url.href).toBe(`${served.url}/`)
  expect(await rows(served)).toMatchObject({
    accounts: [{ issuer: pool.issuer, email: 'ana@example.com' }],
    orgs: [{ name: 'Acme' }],
    sessions: [{ kind: 'browser', signed_in_with: 'AWS Cognito' }],
  })
  const twice = await browser.submit(confirm, '/claim/confirm', { orgName: 'Again' })
  expect(twice.status).toBe(400)
})

test('with one external upstream the browser goes straight to it, and one page of ours follows', async () => {
  const served = await serveWithCognito()
  await claimWithCognito(served)
  const line = await startCommandLine(served.url)
  const browser = new Browser()
  const page = await browser.open(line.authorizeUrl.href, { stopAt: isCallback })
  const consent = await atCognito(browser, page, 'ana')
  expect(consent.title).toContain('Sign in the Norrix CLI')
  expect(consent.text).toContain('AWS Cognito')
  const end = await browser.submit(
    consent,
    '/consent',
    { answer: 'sign-in' },
    { stopAt: isCallback },
  )
  const tokens = await exchange(line, end.url)
  const bound = { token: tokens.access_token, key: line.key }
  const who = await fetchBound(bound, `${served.url}/who`)
  expect(await who.json()).toMatchObject({ email: 'ana@example.com' })
})

test('a stranger with an upstream account but no account here gets nothing (T96)', async () => {
  const served = await serveWithCognito()
  await claimWithCognito(served)
  const before = await rows(served)
  const browser = new Browser()
  const line = await startCommandLine(served.url)
  const page = await atCognito(browser, await browser.open(line.authorizeUrl.href), 'bo')
  expect(page.status).toBe(403)
  expect(page.text).toContain('no_account')
  expect(page.text).toContain('bo@example.com')
  expect(await rows(served)).toEqual(before)
  const told = await browser.submit(page, '/cancel', {}, { stopAt: isCallback })
  expect(told.url.searchParams.get('error')).toBe('access_denied')
  const dashboard = await browser.open(`${served.url}/sign-in`)
  expect(dashboard.status).toBe(403)
  expect(browser.cookie('norrix_prod_session')).toBeUndefined()
})

test.each([
  { email: 'bo@example.com', emailVerified: true, let: 'in' },
  { email: 'bo@EXAMPLE.com', emailVerified: true, let: 'in' },
  { email: 'bo@example.com', emailVerified: false, let: 'out' },
  { email: 'bo@sub.example.com', emailVerified: true, let: 'out' },
  { email: 'bo@notexample.com', emailVerified: true, let: 'out' },
  { email: 'bo@example.com@evil.test', emailVerified: true, let: 'out' },
])(
  'domain sign-up: $email, verified $emailVerified, is let $let (T96)',
  async ({ let: way, ...person }) => {
    const served = await serveWithCognito({ kind: 'domain', domains: ['example.com'] })
    await claimWithCognito(served)
    pool.changeUser('bo', person)
    const browser = new Browser()
    const page = await browser.open(`${served.url}/sign-in`)
    const end = await atCognito(browser, page, 'bo')
    expect(end.status).toBe(way === 'in' ? 200 : 403)
    expect((await rows(served)).accounts.length).toBe(way === 'in' ? 2 : 1)
    expect((await rows(served)).orgs.length).toBe(1)
    pool.changeUser('bo', { email: 'bo@example.com', emailVerified: true })
  },
)

test('open sign-up makes an account with a personal organization, once', async () => {
  const served = await serveWithCognito({ kind: 'open' })
  for (let times = 0; times < 2; times += 1) {
    const browser = new Browser()
    const end = await atCognito(browser, await browser.open(`${served.url}/sign-in`), 'bo')
    expect(end.status).toBe(200)
  }
  expect(await rows(served)).toMatchObject({
    accounts: [{ email: 'bo@example.com' }],
    orgs: [{ name: 'bo' }],
  })
})

test("an answer that is not this browser's own changes nothing, and the true one still works (T1, T2)", async () => {
  const served = await serveWithCognito()
  await claimWithCognito(served)
  const back = (url: URL) => url.pathname.endsWith('/callback')
  const attacker = new Browser()
  const theirs = await attacker.open(`${served.url}/sign-in`)
  const stolen = await atCognito(attacker, theirs, 'ana', back)
  expect(stolen.url.searchParams.get('code')).toBeTruthy()
  const victim = new Browser()
  const waiting = await victim.open(`${served.url}/sign-in`)
  const callback = `${served.url}/sign-in/cognito/callback`
  for (const address of [
    stolen.url.href,
    `${callback}?error=access_denied`,
    `${callback}?code=x&state=${'y'.repeat(54)}`,
    callback,
  ]) {
    expect((await victim.open(address)).status, address).toBe(400)
  }
  const end = await atCognito(victim, waiting, 'ana')
  expect(end.status).toBe(200)
  const replay = await victim.open(
    victim.seen.find(({ url }) => back(url) && url.searchParams.has('code'))?.url.href ?? '',
  )
  expect(replay.status).toBe(400)
})

test('an upstream that is down is named, the server itself stays up, and a retry works (T93)', async () => {
  const served = await serveWithCognito()
  pool.setOutage('5xx')
  const link = (await served.identity.ownerLink())?.url ?? ''
  const browser = new Browser()
  const failed = await browser.follow(await browser.open(link), 'AWS Cognito')
  expect(failed.status).toBe(502)
  expect(failed.text).toContain('AWS Cognito')
  expect(failed.text).toContain('upstream_failed')
  expect((await fetch(`${served.url}/jwks`)).status).toBe(200)
  pool.setOutage('none')
  expect((await claimWithCognito(served)).status).toBe(200)
  pool.setOutage('5xx', ['token'])
  const line = await startCommandLine(served.url)
  const page = await browser.open(line.authorizeUrl.href)
  const broken = await atCognito(browser, page, 'ana')
  expect(broken.status).toBe(502)
  pool.setOutage('none')
  const again = await browser.follow(broken, 'Try again', { stopAt: isCallback })
  const consent = again.forms.some(({ action }) => action.endsWith('/consent'))
    ? again
    : await atCognito(browser, again, 'ana')
  expect(consent.title).toContain('Sign in the Norrix CLI')
})

test('metadata that leads to a third host is refused (T14)', async () => {
  const served = await serveIdentity({
    host: 'localhost',
    signUp: { kind: 'open' },
    upstreams: [
      {
        kind: 'cognito',
        region: pool.region,
        userPoolId: pool.userPoolId,
        domain: 'https://other.auth.us-east-1.amazoncognito.com',
        clientId: pool.clientId,
        issuer: pool.issuer,
      },
    ],
  })
  started.push(served)
  const page = await new Browser().open(`${served.url}/sign-in`)
  expect(page.status).toBe(502)
})

async function serveWithIssuers(count: 1 | 2): Promise<{ served: Served; issuers: Issuer[] }> {
  const issuers: Issuer[] = []
  // The issuers need our address and we need theirs: ours is chosen first.
  const probe = await serveIdentity()
  const { url } = probe
  await probe.close()
  for (const name of ['one', 'two'].slice(0, count)) {
    const person = { sub: 'same-subject', email: ana.email, emailVerified: name === 'one' }
    issuers.push(await startIssuer(`${url}/sign-in/oidc-${name}/callback`, person))
  }
  const served = await serveIdentity({
    port: Number(new URL(url).port),
    signUp: { kind: 'open' },
    upstreams: issuers.map((issuer, at) => ({
      kind: 'oidc',
      name: at === 0 ? 'One' : 'Two',
      issuer: issuer.url,
      clientId: issuer.clientId,
      clientSecret: issuer.clientSecret,
    })),
  })
  started.push(served, ...issuers)
  return { served, issuers }
}

test('two issuers with one subject and one address make two accounts (T31)', async () => {
  const { served } = await serveWithIssuers(2)
  for (const name of ['One', 'Two', 'One']) {
    const browser = new Browser()
    const page = await browser.open(`${served.url}/sign-in`)
    expect(page.links.map(({ text }) => text)).toEqual(['Continue with One', 'Continue with Two'])
    const end = await browser.follow(page, name)
    expect(end.url.href).toBe(`${served.url}/`)
  }
  const { accounts } = await rows(served)
  expect(accounts.map(({ email }) => email)).toEqual([ana.email, ana.email])
  expect(new Set(accounts.map(({ issuer }) => issuer)).size).toBe(2)
})

test('a new address at the upstream is taken over, and the account stays the same', async () => {
  const { served, issuers } = await serveWithIssuers(1)
  await new Browser().open(`${served.url}/sign-in`)
  const [issuer] = issuers
  if (issuer) issuer.person = { ...issuer.person, email: 'lima@example.com' }
  await new Browser().open(`${served.url}/sign-in`)
  expect((await rows(served)).accounts).toMatchObject([{ email: 'lima@example.com' }])
})

test('an issuer that is not https is refused unless it and we are on this machine', async () => {
  const upstream = {
    kind: 'oidc',
    name: 'Plain',
    issuer: 'http://login.example.com',
    clientId: 'x',
  } as const
  await expect(serveIdentity({ upstreams: [upstream] })).rejects.toMatchObject({
    code: 'config_file',
  })
  const local = { ...upstream, issuer: 'http://127.0.0.1:9' }
  const remote = serveIdentity({ upstreams: [local], publicUrl: 'https://norrix.example.com' })
  await expect(remote).rejects.toMatchObject({ code: 'config_file' })
})

test('an access token of the pool does not pass for an id token (T24)', async () => {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }]
  let tokenUse = 'access'
  const forger = await startForger(keys, async (issuer, nonce) =>
    new SignJWT({ token_use: tokenUse, email: ana.email, email_verified: true, nonce })
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .setIssuer(issuer)
      .setSubject('someone')
      .setAudience('client')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey),
  )
  started.push(forger)
  const { url } = forger
  const upstream = cognitoUpstream(
    { kind: 'cognito', region: 'r', userPoolId: 'p', domain: url, clientId: 'client', issuer: url },
    true,
  )
  const finish = async () => {
    const verifier = oidc.randomPKCECodeVerifier()
    const redirectUri = 'http://localhost:1/callback'
    const attempt = { redirectUri, state: 's', nonce: 'n', verifier, afresh: false }
    await upstream.begin(attempt)
    return upstream.finish(attempt, new URL(`${redirectUri}?code=c&state=s`))
  }
  await expect(finish()).rejects.toMatchObject({ code: 'upstream_failed' })
  tokenUse = 'id'
  expect(await finish()).toMatchObject({ issuer: url, subject: 'someone', emailVerified: true })
})

/** A token endpoint that says whatever it is told to. */
async function startForger(
  keys: readonly object[],
  idToken: (issuer: string, nonce: string) => Promise<string>,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((req, res) => {
    const answers: Readonly<Record<string, () => object | Promise<object>>> = {
      '/.well-known/openid-configuration': () => ({
        issuer: url,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        jwks_uri: `${url}/keys`,
      }),
      '/keys': () => ({ keys }),
      '/token': async () => ({
        access_token: 'a',
        token_type: 'Bearer',
        id_token: await idToken(url, 'n'),
      }),
    }
    void Promise.resolve(answers[req.url ?? '']?.()).then((answer) =>
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {})),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on TCP
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url, close }
}
