// What `/token` gives to whom: tokens only with a proof of a key, and for that key alone (RFC 9449).
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import * as oidc from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Browser } from '../../../../../test/identity/browser.ts'
import {
  claimByPassword,
  exchange,
  isCallback,
  reachConsent,
  refresh,
  signInCommandLine,
  startCommandLine,
  type CommandLine,
} from '../../../../../test/identity/command-line.ts'
import { serveIdentity, type Served } from '../../../../../test/identity/served.ts'
import { fetchBound, proof, type Twist } from '../../../../../test/kit/proofs.ts'
import { sweepStates } from './states.ts'

let served: Served
let browser: Browser
let otherKey: JWK
beforeAll(async () => {
  served = await serveIdentity()
  browser = await claimByPassword(served)
  otherKey = await exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey)
})
afterAll(() => served.close())

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

async function ask(form: Record<string, string>, dpop?: string): Promise<Answer> {
  const answer = await fetch(`${served.url}/token`, {
    method: 'POST',
    ...(dpop !== undefined && { headers: { dpop } }),
    body: new URLSearchParams({ client_id: 'norrix-cli', ...form }),
  })
  return { status: answer.status, body: await answer.json() }
}

const proven = (key: JWK, twist?: Twist): Promise<string> =>
  proof(key, { method: 'POST', url: `${served.url}/token` }, twist)
const refreshing = ({ refresh_token: token = '' }: { refresh_token?: string }) => ({
  grant_type: 'refresh_token',
  refresh_token: token,
})

async function codeFor(
  line: CommandLine,
): Promise<{ callback: URL; form: Record<string, string> }> {
  const page = await reachConsent(line, browser)
  const end = await browser.submit(page, '/consent', { answer: 'sign-in' }, { stopAt: isCallback })
  const form = {
    grant_type: 'authorization_code',
    redirect_uri: line.redirectUri,
    code: end.url.searchParams.get('code') ?? '',
    code_verifier: line.verifier,
  }
  return { callback: end.url, form }
}

test('a code gives no tokens without a proof of a key (T32)', async () => {
  const { form } = await codeFor(await startCommandLine(served.url))
  const { status, body } = await ask(form)
  expect([status, body['error']]).toEqual([400, 'invalid_grant'])
  expect(body['access_token']).toBe(undefined)
})

test('a code that was asked for with a key gives nothing to another, verifier or not (RFC 9449 section 10)', async () => {
  const plain = await startCommandLine(served.url)
  const jkt = await plain.DPoP.calculateThumbprint()
  plain.authorizeUrl.searchParams.set('dpop_jkt', jkt)
  const { form } = await codeFor(plain)
  const { status, body } = await ask(form, await proven(otherKey))
  expect([status, body['error']]).toEqual([400, 'invalid_grant'])
  const again = await startCommandLine(served.url)
  again.authorizeUrl.searchParams.set('dpop_jkt', await again.DPoP.calculateThumbprint())
  const { callback } = await codeFor(again)
  expect((await exchange(again, callback)).token_type).toBe('dpop')
})

test('a refresh token gives nothing without its key, and its owner is not disturbed (T32)', async () => {
  const { tokens, line, bound } = await signInCommandLine(served.url, browser)
  for (const dpop of [
    undefined,
    await proven(otherKey),
    await proven(line.key, { signer: otherKey }),
  ]) {
    const { status, body } = await ask(refreshing(tokens), dpop)
    expect(status).toBe(400)
    expect(body['access_token']).toBe(undefined)
  }
  const { access_token: token } = await refresh(line, tokens)
  for (const each of [bound, { ...bound, token }])
    expect((await fetchBound(each, `${served.url}/who`)).status).toBe(200)
})

test('a proof is taken once: the second who brings it is not told that the session is over (T33)', async () => {
  const { tokens, line } = await signInCommandLine(served.url, browser)
  const dpop = await proven(line.key)
  const all = await Promise.all([1, 2, 3, 4, 5].map(() => ask(refreshing(tokens), dpop)))
  all.push(await ask(refreshing(tokens), dpop))
  expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
  expect(all.filter(({ body }) => body['error'] === 'invalid_dpop_proof')).toHaveLength(5)
  expect((await refresh(line, tokens)).access_token).toBeTruthy()
})

test('a proof from minutes ahead is remembered until its time is over (T33)', async () => {
  const { tokens, line } = await signInCommandLine(served.url, browser)
  const dpop = await proven(line.key, { claims: { iat: Math.floor(Date.now() / 1000) + 290 } })
  expect((await ask(refreshing(tokens), dpop)).status).toBe(200)
  await sweepStates(served.db.kysely, Date.now() + 310_000)
  expect((await ask(refreshing(tokens), dpop)).body['error']).toBe('invalid_dpop_proof')
})

test.each<[string, () => Twist]>([
  ['for another method', () => ({ claims: { htm: 'GET' } })],
  ['for the API', () => ({ claims: { htu: `${served.url}/who` } })],
  ['of ten minutes ago', () => ({ claims: { iat: Math.floor(Date.now() / 1000) - 600 } })],
  ['of another type', () => ({ header: { typ: 'JWT' } })],
])('a proof %s is refused, and the session lives on (T33)', async (_, twist) => {
  const { tokens, line } = await signInCommandLine(served.url, browser)
  const { status, body } = await ask(refreshing(tokens), await proven(line.key, twist()))
  expect([status, body['error']]).toEqual([400, 'invalid_dpop_proof'])
  expect((await refresh(line, tokens)).access_token).toBeTruthy()
})

test('a refresh never widens what was granted (T38)', async () => {
  const { tokens, line } = await signInCommandLine(served.url, browser)
  expect(tokens.scope?.split(' ')).not.toContain('email')
  for (const scope of ['openid email', 'openid profile', 'email']) {
    const { status, body } = await ask({ ...refreshing(tokens), scope }, await proven(line.key))
    expect([scope, status, body['error']]).toEqual([scope, 400, 'invalid_scope'])
  }
  const same = await oidc.refreshTokenGrant(
    line.config,
    tokens.refresh_token ?? '',
    { scope: 'openid' },
    { DPoP: line.DPoP },
  )
  expect(same.scope).toBe('openid')
})
