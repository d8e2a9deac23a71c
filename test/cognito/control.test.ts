import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import * as oc from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCognitoDouble } from './double.ts'
import type { CognitoDouble } from './double.ts'
import { discover, refreshWith, refusalOf, signIn, startSignIn, walkSignIn } from './sign-in.ts'
import type { Client } from './sign-in.ts'
import { CALLBACK, LOGOUT, started, targetOf } from './started.ts'
import type { CookieJar } from './walk.ts'

describe('what an administrator does to a user', () => {
  let double: CognitoDouble
  let client: Client
  beforeAll(async () => {
    double = await started({ rotation: { retryGracePeriodSeconds: 60 } })
    client = await discover(targetOf(double))
  })
  afterAll(() => double.close())

  test('disabled: refresh is invalid_grant, userInfo and sign-in are refused, the cookie too', async () => {
    const jar: CookieJar = new Map()
    const tokens = await signIn(client, jar)
    double.disableUser('ann')
    expect(await refusalOf(refreshWith(client, tokens.refresh_token))).toBe('invalid_grant')
    expect(await userInfoStatus(double, tokens.access_token)).toBe(401)
    const end = await walkSignIn(client, { attempt: await startSignIn(client), jar })
    expect(end).toMatchObject({ kind: 'page', body: expect.stringContaining('User is disabled.') })
    double.enableUser('ann')
    await refreshWith(client, tokens.refresh_token)
  })

  test('signed out everywhere: every refresh token of that user is dead, those of others live', async () => {
    const bob = { username: 'bob', password: 'Battery-Staple-2', email: 'bob@example.test' }
    double.addUser(bob)
    const [anns, bobs] = [
      await signIn(client),
      await signIn({ ...client, target: { ...client.target, ...bob } }),
    ]
    double.signOutEverywhere('ann')
    expect(await refusalOf(refreshWith(client, anns.refresh_token))).toBe('invalid_grant')
    expect(await userInfoStatus(double, anns.access_token)).toBe(401)
    await refreshWith(client, bobs.refresh_token)
  })

  test('a change of mail and groups is in the next tokens', async () => {
    const first = await signIn(client)
    double.changeUser('ann', { emailVerified: false, groups: ['builders'] })
    const second = await refreshWith(client, first.refresh_token)
    expect(decodeJwt(first.access_token)['cognito:groups']).toBeUndefined()
    expect(decodeJwt(second.access_token)['cognito:groups']).toEqual(['builders'])
    expect(second.claims()?.['email_verified']).toBe(false)
    double.changeUser('ann', { emailVerified: true, groups: [] })
  })

  test('revoking one token ends its rotated successors as well', async () => {
    const first = await signIn(client)
    const second = await refreshWith(client, first.refresh_token)
    await oc.tokenRevocation(client.config, first.refresh_token ?? '')
    expect(await refusalOf(refreshWith(client, second.refresh_token))).toBe('invalid_grant')
  })
})

test('sign-out ends the hosted session itself: a copy of its cookie is worth nothing', async () => {
  const double = await started({})
  const client = await discover(targetOf(double))
  const jar: CookieJar = new Map()
  await signIn(client, jar)
  const copy: CookieJar = structuredClone(jar)
  const [host = ''] = jar.keys()
  const cookie = [...(jar.get(host) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ')
  const query = new URLSearchParams({ client_id: double.clientId, logout_uri: LOGOUT })
  await fetch(`${double.domainOrigin}/logout?${query}`, { headers: { cookie }, redirect: 'manual' })
  const end = await walkSignIn(client, { attempt: await startSignIn(client), jar: copy })
  expect(end).toMatchObject({ kind: 'home', formsFilled: 1 })
  await double.close()
})

describe('app clients', () => {
  test('both ways to present a secret are taken; a wrong one or none is invalid_client', async () => {
    const double = await started({ clientSecret: true })
    const target = targetOf(double)
    for (const how of ['basic', 'post'] as const) await signIn(await discover(target, how))
    const wrong = await discover({ ...target, clientSecret: 'wrong' }, 'post')
    expect(await refusalOf(signIn(wrong))).toBe('invalid_client')
    const none = await discover({ ...target, clientSecret: undefined })
    expect(await refusalOf(signIn(none))).toBe('invalid_client')
    await double.close()
  })

  test('a refresh token can be used and revoked by the client it was issued to, and by no other', async () => {
    const double = await started({})
    const client = await discover(targetOf(double))
    const other = double.addClient({ callbackUrls: [CALLBACK] })
    const stranger = await discover({ ...targetOf(double), clientId: other.clientId })
    const { refresh_token: refreshToken = '' } = await signIn(client)
    expect(await refusalOf(refreshWith(stranger, refreshToken))).toBe('invalid_grant')
    expect(await refusalOf(oc.tokenRevocation(stranger.config, refreshToken))).toBe(
      'unauthorized_client',
    )
    await refreshWith(client, refreshToken)
    await double.close()
  })

  test('http callbacks are registered for localhost alone, and a grace of 61 seconds is not', async () => {
    const double = await started({})
    expect(() => double.registerCallback('http://127.0.0.1:4400/callback')).toThrow(
      'only for localhost',
    )
    expect(() => double.registerCallback('https://a.example/#x')).toThrow('no such URL')
    expect(() => double.addClient({ rotation: { retryGracePeriodSeconds: 61 } })).toThrow('0 to 60')
    await double.close()
  })
})

describe('faults of the pool', () => {
  test('an outage answers 503 or 429 where it was asked to, is counted, and heals', async () => {
    const double = await started({})
    const client = await discover(targetOf(double))
    const tokens = await signIn(client)
    const statusOf = async (): Promise<number> =>
      (await fetch(`${double.issuer}/.well-known/jwks.json`)).status
    double.setOutage('5xx')
    await expect(refreshWith(client, tokens.refresh_token)).rejects.toMatchObject({
      cause: { status: 503 },
    })
    expect(await statusOf()).toBe(503)
    double.setOutage('throttle', ['token'])
    expect(await refusalOf(refreshWith(client, tokens.refresh_token))).toBe('too_many_requests')
    expect(await statusOf()).toBe(200)
    double.setOutage('none')
    await refreshWith(client, tokens.refresh_token)
    expect(double.counts()).toMatchObject({
      refresh: 3,
      token: 4,
      authorize: 1,
      login: 2,
      metadata: 1,
    })
    await double.close()
  })

  test('a hostile pool with the key id and issuer of an honest one signs nothing that verifies', async () => {
    const honest = await started({})
    const kids = { access: 'shared-kid', id: 'other-kid' }
    const hostile = await startCognitoDouble({
      kids,
      issuer: honest.issuer,
      userPoolId: honest.userPoolId,
    })
    const claims = { iss: honest.issuer, sub: 'x', token_use: 'access', client_id: honest.clientId }
    const keys = createRemoteJWKSet(new URL(`${honest.issuer}/.well-known/jwks.json`))
    await expect(jwtVerify(await honest.signToken('access', claims), keys)).resolves.toBeDefined()
    await expect(jwtVerify(await hostile.signToken('access', claims), keys)).rejects.toThrow()
    await Promise.all([honest.close(), hostile.close()])
  })
})

async function userInfoStatus(double: CognitoDouble, accessToken: string): Promise<number> {
  const headers = { authorization: `Bearer ${accessToken}` }
  return (await fetch(`${double.domainOrigin}/oauth2/userInfo`, { headers })).status
}
