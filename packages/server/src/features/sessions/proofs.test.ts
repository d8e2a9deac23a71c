// Tokens of the command line are worthless without their key (RFC 9449), tried by everything that a thief could send.
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWK } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Browser } from '../../../../../test/identity/browser.ts'
import { ana, refresh, signInCommandLine } from '../../../../../test/identity/command-line.ts'
import { startNorrix, type Norrix } from '../../../../../test/kit/norrix.ts'
import {
  boundHeaders,
  fetchBound,
  proof,
  type Bound,
  type Twist,
} from '../../../../../test/kit/proofs.ts'
import { claim } from '../../../../../test/kit/sign-in.ts'
import { runSql } from '../../../../../test/kit/test-database.ts'
import { hashToken } from '../../kernel/secrets.ts'

type SignedIn = Awaited<ReturnType<typeof signInCommandLine>>

let norrix: Norrix
let url: string
let browser: Browser
let owner: SignedIn
let otherKey: JWK
let aheadMs = 0

beforeAll(async () => {
  norrix = await startNorrix({ now: () => Date.now() + aheadMs })
  url = `${norrix.prod.url}/api/whoami`
  browser = await claim(norrix.prod)
  owner = await signInCommandLine(norrix.prod.url, browser, ana)
  const pair = await generateKeyPair('ES256', { extractable: true })
  otherKey = await exportJWK(pair.privateKey)
})
afterAll(() => norrix.stop())

const now = (): number => Math.floor(Date.now() / 1000)
const asked = (): { method: string; url: string } => ({ method: 'GET', url })
const statusOf = async (answer: Promise<Response>): Promise<number> => (await answer).status
const withTwist = async (twist: Twist, bound: Bound = owner.bound) =>
  fetch(url, { headers: await boundHeaders(bound, asked(), twist) })
const withProof = (dpop: string) =>
  fetch(url, { headers: { authorization: `DPoP ${owner.bound.token}`, dpop } })

async function expectRefused(answer: Response, says = 'The proof of'): Promise<void> {
  expect(answer.status).toBe(401)
  const message: unknown = expect.stringContaining(says)
  expect(await answer.json()).toMatchObject({ code: 'proof_invalid', message })
  expect(answer.headers.get('www-authenticate')).toBe(
    'DPoP error="invalid_dpop_proof", algs="ES256 Ed25519"',
  )
  // The time that it is held to: how a client learns that its clock is wrong.
  const ours = Date.now() + aheadMs
  expect(Math.abs(Date.parse(answer.headers.get('date') ?? '') - ours)).toBeLessThan(3000)
}

const wrong: readonly [string, () => Twist][] = [
  ['for another method', () => ({ claims: { htm: 'POST' } })],
  ['for a method in small letters', () => ({ claims: { htm: 'get' } })],
  ['without a method', () => ({ claims: { htm: undefined } })],
  ['for another path', () => ({ claims: { htu: `${norrix.prod.url}/api/orgs` } })],
  ['for the path with a slash more', () => ({ claims: { htu: `${url}/` } })],
  ['for the path in capitals', () => ({ claims: { htu: url.replace('whoami', 'WHOAMI') } })],
  ['for another port', () => ({ claims: { htu: 'http://localhost:1/api/whoami' } })],
  ['for another host', () => ({ claims: { htu: url.replace('localhost', '127.0.0.1') } })],
  ['for another scheme', () => ({ claims: { htu: url.replace('http:', 'https:') } })],
  ['for a path alone', () => ({ claims: { htu: '/api/whoami' } })],
  ['without an address', () => ({ claims: { htu: undefined } })],
  ['of 65 seconds ago', () => ({ claims: { iat: now() - 65 } })],
  ['of 65 seconds ahead', () => ({ claims: { iat: now() + 65 } })],
  ['of no time', () => ({ claims: { iat: undefined } })],
  ['of a time in words', () => ({ claims: { iat: String(now()) } })],
  ['that is over by itself', () => ({ claims: { exp: now() - 10 } })],
  ['without a token', () => ({ claims: { ath: undefined } })],
  ['for another token', () => ({ claims: { ath: randomBytes(32).toString('base64url') } })],
  ['without a number of its own', () => ({ claims: { jti: undefined } })],
  ['with an empty number', () => ({ claims: { jti: '' } })],
  ['with a number of 201 letters', () => ({ claims: { jti: 'x'.repeat(201) } })],
  ['of another type', () => ({ header: { typ: 'JWT' } })],
  ['that shows no key', () => ({ header: { jwk: undefined } })],
  ['that shows its private key', () => ({ header: { jwk: owner.bound.key } })],
  ['that another key has signed', () => ({ signer: otherKey })],
]

test.each(wrong)('a proof %s is refused (T33)', async (_, twist) => {
  await expectRefused(await withTwist(twist()))
})

test('a proof of another key is refused, and so is none at all (T32)', async () => {
  await expectRefused(await withTwist({}, { token: owner.bound.token, key: otherKey }))
  await expectRefused(await fetch(url, { headers: { authorization: `DPoP ${owner.bound.token}` } }))
})

test("a session's token as bearer is refused, proof or not (T32)", async () => {
  const { dpop } = await boundHeaders(owner.bound, asked())
  const authorization = `Bearer ${owner.bound.token}`
  for (const headers of [{ authorization }, { authorization, dpop }])
    await expectRefused(await fetch(url, { headers }), 'is no API key')
})

test('a proof that nobody signed, or that anybody could have, is refused (T33)', async () => {
  const { dpop } = await boundHeaders(owner.bound, asked())
  const [, payload = '', signature = ''] = dpop.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const secret = randomBytes(32)
  const shown: JWK = { kty: 'oct', k: secret.toString('base64url') }
  const symmetric = new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'dpop+jwt', jwk: shown })
    .sign(secret)
  const rsa = await generateKeyPair('RS256', { extractable: true })
  const large = new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', typ: 'dpop+jwt', jwk: await exportJWK(rsa.publicKey) })
    .sign(rsa.privateKey)
  const header = Buffer.from('{"alg":"none","typ":"dpop+jwt"}').toString('base64url')
  for (const text of [
    new UnsecuredJWT(claims).encode(),
    `${header}.${payload}.`,
    `${header}.${payload}.${signature}`,
    await symmetric,
    await large,
    dpop.slice(0, -4),
    'x',
    `${dpop}, ${dpop}`,
  ]) {
    await expectRefused(await withProof(text), 'cannot be verified')
  }
})

test('two proofs in two headers are refused (RFC 9449 section 4.3)', async () => {
  const { host, hostname, port } = new URL(url)
  const proofs = [
    await boundHeaders(owner.bound, asked()),
    await boundHeaders(owner.bound, asked()),
  ]
  const socket = connect(Number(port), hostname)
  socket.write(
    [
      `GET /api/whoami HTTP/1.1`,
      `Host: ${host}`,
      `Authorization: ${proofs[0]?.authorization}`,
      ...proofs.map(({ dpop }) => `DPoP: ${dpop}`),
      'Connection: close',
      '\r\n',
    ].join('\r\n'),
  )
  let text = ''
  for await (const chunk of socket.setEncoding('utf8')) text += String(chunk)
  expect(text).toMatch(/^HTTP\/1\.1 401 /)
  expect(text).toContain('"proof_invalid"')
})

test.each<[string, () => Twist]>([
  [
    'the scheme and host in capitals',
    () => ({ claims: { htu: url.replace('http://localhost', 'HTTP://LOCALHOST') } }),
  ],
  ['escapes that need none', () => ({ claims: { htu: url.replace('whoami', '%77ho%61mi') } })],
  ['dots in the path', () => ({ claims: { htu: url.replace('/api', '/x/../api') } })],
  ['a query and a fragment', () => ({ claims: { htu: `${url}?x=1#y` } })],
  ['a clock 50 seconds slow', () => ({ claims: { iat: now() - 50 } })],
  ['a clock 50 seconds fast', () => ({ claims: { iat: now() + 50 } })],
])('an honest proof with %s is taken', async (_, twist) => {
  expect(await statusOf(withTwist(twist()))).toBe(200)
})

test('a proof is for an address whatever its query', async () => {
  const { bound } = owner
  const { orgs } = await (await fetchBound(bound, url)).json()
  const list = `${norrix.prod.url}/api/orgs/${orgs[0].id}/builds?limit=1`
  expect(await statusOf(fetchBound(bound, list))).toBe(200)
})

test('a proof is taken once: of ten who bring it at the same moment one is served (T33)', async () => {
  const headers = await boundHeaders(owner.bound, asked())
  const all = await Promise.all(Array.from({ length: 10 }, () => fetch(url, { headers })))
  const served = all.filter(({ status }) => status === 200)
  expect(served).toHaveLength(1)
  for (const answer of all) if (answer.status !== 200) await expectRefused(answer)
  await expectRefused(await fetch(url, { headers }))
})

test('two keys may choose the same number', async () => {
  const other = await signInCommandLine(norrix.prod.url, browser, ana)
  const twist = { claims: { jti: 'one' } }
  expect(await statusOf(withTwist(twist))).toBe(200)
  expect(await statusOf(withTwist(twist, other.bound))).toBe(200)
  await expectRefused(await withTwist(twist))
})

test('proofs are kept for as long as they would be taken, and swept away then', async () => {
  const early = { claims: { jti: 'early', iat: now() + 55 } }
  expect(await statusOf(withTwist(early))).toBe(200)
  try {
    aheadMs = 110_000
    // Has what is over swept away.
    expect(await statusOf(withTwist({ claims: { iat: now() + 110 } }))).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 200))
    await expectRefused(await withTwist(early))
    aheadMs = 300_000
    expect(await statusOf(withTwist({ claims: { iat: now() + 300 } }))).toBe(200)
    await expect.poll(() => rowsOf('select digest from used_proofs')).toHaveLength(1)
  } finally {
    aheadMs = 0
  }
})

test('whoever steals both tokens without the key gets nothing, and the owner is not disturbed (T32)', async () => {
  const stolen = await signInCommandLine(norrix.prod.url, browser, ana)
  const { tokens, line, bound } = stolen
  const usedBefore = await rowsOf('select id, last_used_at from sessions order by id')
  try {
    aheadMs = 120_000
    const iat = now() + 120
    await expectRefused(await withTwist({ claims: { iat } }, { ...bound, key: otherKey }))
  } finally {
    aheadMs = 0
  }
  const thief = (dpop?: string) =>
    fetch(`${norrix.prod.url}/token`, {
      method: 'POST',
      ...(dpop !== undefined && { headers: { dpop } }),
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: 'norrix-cli',
        refresh_token: tokens.refresh_token ?? '',
      }),
    })
  const there = { method: 'POST', url: `${norrix.prod.url}/token` }
  for (const dpop of [undefined, await proof(otherKey, there)]) {
    const answer = await thief(dpop)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: 'invalid_grant' })
  }
  expect(await rowsOf('select id, last_used_at from sessions order by id')).toEqual(usedBefore)
  expect(await statusOf(fetchBound(bound, url))).toBe(200)
  const { access_token: token } = await refresh(line, tokens)
  expect(await statusOf(fetchBound({ ...bound, token }, url))).toBe(200)
})

test('a token whose row names no key is good for nobody', async () => {
  const { bound } = await signInCommandLine(norrix.prod.url, browser, ana)
  const own = `model = 'AccessToken' and id_hash = '${hashToken(bound.token)}'`
  await rowsOf(`update oidc_states set key_thumbprint = null where ${own}`)
  const answer = await fetchBound(bound, url)
  expect([answer.status, (await answer.json()).code]).toEqual([401, 'session_ended'])
})

function rowsOf(sql: string): Promise<object[]> {
  return runSql(norrix.database(), sql)
}
