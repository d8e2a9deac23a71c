// Programs that none of us wrote sign in with what our metadata says, and nothing else: by loopback, with tokens bound to a key.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as oauth from 'oauth4webapi'
import * as oidc from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Browser } from '../identity/browser.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { ana, approve, claim } from '../kit/sign-in.ts'

let norrix: Norrix
let browser: Browser
beforeAll(async () => {
  norrix = await startNorrix()
  browser = await claim(norrix.prod)
})
afterAll(() => norrix.stop())

const clientId = 'norrix-cli'
const scope = 'openid offline_access'

test('openid-client signs in on a free loopback port, asks, and refreshes', async () => {
  const { url } = norrix.prod
  const execute = [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks]
  const config = await oidc.discovery(new URL(url), clientId, undefined, oidc.None(), { execute })
  const { dpop_signing_alg_values_supported: algorithms } = config.serverMetadata()
  expect(algorithms).toEqual(['ES256', 'Ed25519'])
  const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'))
  const loopback = await listen()
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const expectedState = oidc.randomState()
  const expectedNonce = oidc.randomNonce()
  const address = oidc.buildAuthorizationUrl(config, {
    redirect_uri: loopback.redirectUri,
    scope,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    dpop_jkt: await DPoP.calculateThumbprint(),
  })
  await approve(browser, address.href)
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true }
  const tokens = await oidc.authorizationCodeGrant(
    config,
    await loopback.arrived,
    checks,
    undefined,
    {
      DPoP,
    },
  )
  const ask = async (accessToken: string): Promise<unknown> => {
    const at = new URL('/api/whoami', url)
    const answer = await oidc.fetchProtectedResource(
      config,
      accessToken,
      at,
      'GET',
      null,
      undefined,
      {
        DPoP,
      },
    )
    return answer.json()
  }
  expect(await ask(tokens.access_token)).toMatchObject({ user: { email: ana.email } })
  const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, {
    DPoP,
  })
  expect(renewed).toMatchObject({ token_type: 'dpop', refresh_token: tokens.refresh_token })
  expect(renewed.access_token).not.toBe(tokens.access_token)
  expect(await ask(renewed.access_token)).toMatchObject({ user: { email: ana.email } })
})

test('oauth4webapi does so too, with an Ed25519 key, and is told by the challenge what it did wrong', async () => {
  const issuer = new URL(norrix.prod.url)
  const plainHttp = { [oauth.allowInsecureRequests]: true }
  const found = await oauth.discoveryRequest(issuer, { ...plainHttp, algorithm: 'oauth2' })
  const server = await oauth.processDiscoveryResponse(issuer, found)
  const client: oauth.Client = { client_id: clientId }
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('Ed25519'))
  const loopback = await listen()
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const address = new URL(server.authorization_endpoint ?? '')
  address.search = new URLSearchParams({
    client_id: clientId,
    redirect_uri: loopback.redirectUri,
    response_type: 'code',
    scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString()
  await approve(browser, address.href)
  const callback = oauth.validateAuthResponse(server, client, await loopback.arrived, state)
  const exchanged = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    callback,
    loopback.redirectUri,
    verifier,
    { ...plainHttp, DPoP },
  )
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, exchanged)
  expect(tokens.token_type).toBe('dpop')
  const ask = async (accessToken: string, handle: oauth.DPoPHandle): Promise<unknown> => {
    const at = new URL('/api/whoami', issuer)
    const options = { ...plainHttp, DPoP: handle }
    return (
      await oauth.protectedResourceRequest(accessToken, 'GET', at, undefined, null, options)
    ).json()
  }
  expect(await ask(tokens.access_token, DPoP)).toMatchObject({ user: { email: ana.email } })
  const other = oauth.DPoP(client, await oauth.generateKeyPair('Ed25519'))
  const refused: unknown = await ask(tokens.access_token, other).catch((error: unknown) => error)
  if (!(refused instanceof oauth.WWWAuthenticateChallengeError)) throw refused
  expect(refused.cause).toMatchObject([
    { scheme: 'dpop', parameters: { error: 'invalid_dpop_proof', algs: 'ES256 Ed25519' } },
  ])
  const again = await oauth.refreshTokenGrantRequest(
    server,
    client,
    oauth.None(),
    tokens.refresh_token ?? '',
    { ...plainHttp, DPoP },
  )
  const renewed = await oauth.processRefreshTokenResponse(server, client, again)
  expect(renewed.token_type).toBe('dpop')
  expect(await ask(renewed.access_token, DPoP)).toMatchObject({ user: { email: ana.email } })
})

/** A listener on a free port, which takes one browser's return. */
async function listen(): Promise<{ redirectUri: string; arrived: Promise<URL> }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on TCP
  const redirectUri = `http://127.0.0.1:${port}/callback`
  const arrived = new Promise<URL>((resolve) =>
    server.on('request', (req, res) => {
      res.setHeader('Connection', 'close').end('You can close this page.')
      server.close()
      resolve(new URL(req.url ?? '', redirectUri))
    }),
  )
  return { redirectUri, arrived }
}
