import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import * as oc from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  discover,
  finishSignIn,
  refreshWith,
  refusalOf,
  signIn,
  startSignIn,
  walkSignIn,
} from './sign-in.ts'
import type { Client } from './sign-in.ts'
import { signOutLink } from './pool-under-test.ts'
import type { PoolUnderTest } from './pool-under-test.ts'
import { walkHome } from './walk.ts'
import type { CookieJar } from './walk.ts'

/**
 * What a server with a `cognito` upstream relies on, checked from outside with `openid-client` and
 * `jose`. It runs on the double in `double.test.ts`, and on a real pool where one is named
 * (`real-pool.ts`): that run is what would prove the double honest, and it has never been made.
 */
export function cognitoSuite(target: { name: string; open: () => Promise<PoolUnderTest> }): void {
  describe(`a Cognito pool: ${target.name}`, () => {
    let pool: PoolUnderTest
    let client: Client
    beforeAll(async () => {
      pool = await target.open()
      client = await discover(pool)
    })
    afterAll(() => pool?.close())
    const here = (): Here => ({ pool, client })
    metadataChecks(here)
    tokenChecks(here)
    authorizeChecks(here)
    codeChecks(here)
    sessionChecks(here)
    logoutChecks(here)
  })
}

interface Here {
  pool: PoolUnderTest
  client: Client
}

function metadataChecks(here: () => Here): void {
  test('the metadata sends browsers to the domain, keys to the issuer, and says nothing of PKCE', () => {
    const { pool, client } = here()
    const metadata = client.config.serverMetadata()
    expect(metadata.issuer).toBe(pool.issuer)
    expect(metadata.jwks_uri).toBe(`${pool.issuer}/.well-known/jwks.json`)
    expect(metadata.authorization_endpoint).toBe(`${pool.domainOrigin}/oauth2/authorize`)
    expect(metadata.token_endpoint).toBe(`${pool.domainOrigin}/oauth2/token`)
    expect(metadata.userinfo_endpoint).toBe(`${pool.domainOrigin}/oauth2/userInfo`)
    expect(metadata.revocation_endpoint).toBe(`${pool.domainOrigin}/oauth2/revoke`)
    expect(metadata.end_session_endpoint).toBe(`${pool.domainOrigin}/logout`)
    expect(metadata.code_challenge_methods_supported).toBeUndefined()
    expect(metadata.authorization_response_iss_parameter_supported).toBeUndefined()
    expect(metadata.device_authorization_endpoint).toBeUndefined()
    expect(metadata.introspection_endpoint).toBeUndefined()
  })
}

function tokenChecks(here: () => Here): void {
  test('a sign-in with PKCE, state and nonce yields an access token without `aud`, with `client_id`', async () => {
    const { pool, client } = here()
    const tokens = await signIn(client)
    const keys = createRemoteJWKSet(new URL(`${pool.issuer}/.well-known/jwks.json`))
    const checks = { issuer: pool.issuer, algorithms: ['RS256'] }
    const { payload } = await jwtVerify(tokens.access_token, keys, checks)
    expect(payload.aud).toBeUndefined()
    expect(payload).toMatchObject({ client_id: pool.clientId, token_use: 'access' })
    expect(String(payload['scope']).split(' ').toSorted()).toEqual(['email', 'openid'])
    for (const name of ['sub', 'username', 'jti', 'origin_jti'])
      expect(payload[name]).toEqual(expect.any(String))
    for (const name of ['auth_time', 'iat', 'exp'])
      expect(payload[name]).toEqual(expect.any(Number))
    expect(tokens.refresh_token).toEqual(expect.any(String))
  })

  test('the id token is for the client, names the user, and is signed with another key', async () => {
    const { pool, client } = here()
    const tokens = await signIn(client)
    const idToken = tokens.id_token ?? ''
    const claims = decodeJwt(idToken)
    const access = decodeJwt(tokens.access_token)
    expect(claims).toMatchObject({ aud: pool.clientId, token_use: 'id', sub: access.sub })
    expect(claims['cognito:username']).toBe(access['username'])
    expect(claims['email']).toEqual(expect.stringContaining('@'))
    expect(claims['email_verified']).toEqual(expect.any(Boolean))
    expect(claims['origin_jti']).toBe(access['origin_jti'])
    expect(decodeProtectedHeader(idToken).kid).not.toBe(
      decodeProtectedHeader(tokens.access_token).kid,
    )
  })

  test('userInfo tells the same subject, with `email_verified` as a string', async () => {
    const { pool, client } = here()
    const tokens = await signIn(client)
    const sub = tokens.claims()?.sub ?? ''
    const response = await fetch(`${pool.domainOrigin}/oauth2/userInfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    })
    expect(await response.json()).toMatchObject({
      sub,
      email_verified: expect.stringMatching(/^(true|false)$/),
    })
  })
}

function authorizeChecks(here: () => Here): void {
  test('a redirect that differs by one slash ends on the error page `redirect_mismatch`', async () => {
    const { pool, client } = here()
    const attempt = await startSignIn(client, { redirect_uri: `${pool.callbackUrl}/` })
    const end = await walkSignIn(client, { attempt })
    expect(end).toMatchObject({ kind: 'page', status: 400 })
    expect(end.url.href).toContain(`${pool.domainOrigin}/error?`)
    expect(end.url.searchParams.get('error')).toBe('redirect_mismatch')
  })

  test('a scope that the client does not have goes back to the app as `invalid_scope`, with the state', async () => {
    const { client } = here()
    const attempt = await startSignIn(client, { scope: 'openid offline_access' })
    const end = await walkSignIn(client, { attempt })
    expect(end.kind).toBe('home')
    // The guide says `error=invalid_scope`; live pools were seen to send it as the description.
    const answer = `${end.url.searchParams.get('error')} ${end.url.searchParams.get('error_description')}`
    expect(answer).toContain('invalid_scope')
    expect(end.url.searchParams.get('state')).toBe(attempt.state)
    expect(end.url.searchParams.get('code')).toBeNull()
  })

  test('a plain code challenge is refused', async () => {
    const { client } = here()
    const attempt = await startSignIn(client, { code_challenge_method: 'plain' })
    const end = await walkSignIn(client, { attempt })
    expect(end.kind).toBe('home')
    expect(end.url.searchParams.get('error')).toBe('invalid_request')
  })

  test('a wrong password leads nowhere', async () => {
    const { pool, client } = here()
    const attempt = await startSignIn(client)
    const end = await walkSignIn(client, { attempt, password: `${pool.password}x` })
    expect(end.kind).toBe('page')
  })
}

function codeChecks(here: () => Here): void {
  test('a code works once', async () => {
    const { client } = here()
    const attempt = await startSignIn(client)
    const end = await walkSignIn(client, { attempt })
    await finishSignIn(client, { attempt, callback: end.url })
    expect(await refusalOf(finishSignIn(client, { attempt, callback: end.url }))).toBe(
      'invalid_grant',
    )
  })

  test('a code is worth nothing with another verifier', async () => {
    const { client } = here()
    const attempt = await startSignIn(client)
    const end = await walkSignIn(client, { attempt })
    const other = { ...attempt, verifier: oc.randomPKCECodeVerifier() }
    expect(['invalid_grant', 'invalid_request']).toContain(
      await refusalOf(finishSignIn(client, { attempt: other, callback: end.url })),
    )
    expect(await refusalOf(finishSignIn(client, { attempt, callback: end.url }))).toBe(
      'invalid_grant',
    )
  })
}

function sessionChecks(here: () => Here): void {
  test('a refresh keeps `origin_jti`, changes `jti`, and brings a refresh token only under rotation', async () => {
    const { pool, client } = here()
    const first = await signIn(client)
    const second = await refreshWith(client, first.refresh_token)
    const [before, after] = [decodeJwt(first.access_token), decodeJwt(second.access_token)]
    expect(after['origin_jti']).toBe(before['origin_jti'])
    expect(after.jti).not.toBe(before.jti)
    expect(after['auth_time']).toBe(before['auth_time'])
    expect(second.refresh_token !== undefined).toBe(pool.rotates)
  })

  test('a revoked refresh token ends refresh and userInfo; its access token still verifies locally', async () => {
    const { pool, client } = here()
    const tokens = await signIn(client)
    const sub = tokens.claims()?.sub ?? ''
    await oc.tokenRevocation(client.config, tokens.refresh_token ?? '')
    expect(await refusalOf(refreshWith(client, tokens.refresh_token))).toBe('invalid_grant')
    await expect(oc.fetchUserInfo(client.config, tokens.access_token, sub)).rejects.toThrow()
    const keys = createRemoteJWKSet(new URL(`${pool.issuer}/.well-known/jwks.json`))
    await expect(
      jwtVerify(tokens.access_token, keys, { issuer: pool.issuer }),
    ).resolves.toBeDefined()
  })

  test('an access token cannot be revoked', async () => {
    const { client } = here()
    const tokens = await signIn(client)
    expect(await refusalOf(oc.tokenRevocation(client.config, tokens.access_token))).toBe(
      'unsupported_token_type',
    )
  })

  test('the hosted cookie signs in again without a form', async () => {
    const { client } = here()
    const jar: CookieJar = new Map()
    await signIn(client, jar)
    const attempt = await startSignIn(client)
    const end = await walkSignIn(client, { attempt, jar })
    expect(end).toMatchObject({ kind: 'home', formsFilled: 0 })
  })
}

function logoutChecks(here: () => Here): void {
  test('sign-out goes to a registered address and ends the hosted cookie', async () => {
    const { pool, client } = here()
    const jar: CookieJar = new Map()
    await signIn(client, jar)
    const { username, password, logoutUrl } = pool
    const start = signOutLink(pool, logoutUrl)
    const away = await walkHome({
      start,
      jar,
      username,
      password,
      isHome: (url) => url.href === logoutUrl,
    })
    expect(away.kind).toBe('home')
    const attempt = await startSignIn(client)
    const end = await walkSignIn(client, { attempt, jar })
    expect(end).toMatchObject({ kind: 'home', formsFilled: 1 })
  })

  test('sign-out does not send the browser to an unregistered address', async () => {
    const { pool } = here()
    const response = await fetch(signOutLink(pool, 'https://attacker.example/'), {
      redirect: 'manual',
    })
    expect(response.headers.get('location') ?? '').not.toContain('attacker.example')
  })
}
