import { exportJWK, type JWK } from 'jose'
import * as oauth from 'oauth4webapi'
import * as oidc from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browser } from '../../../../../test/identity/browser.ts'
import { ana, claimByPassword } from '../../../../../test/identity/command-line.ts'
import { approveDevice } from '../../../../../test/identity/device.ts'
import { fetchBound } from '../../../../../test/kit/proofs.ts'
import { serveIdentity, type Served } from '../../../../../test/identity/served.ts'

/** Clients that none of us wrote sign in by a code, knowing no more of us than our metadata. */
let served: Served
beforeAll(async () => {
  served = await serveIdentity()
  await claimByPassword(served)
})
afterAll(() => served.close())

const whoIs = async (token: string, key: JWK): Promise<unknown> =>
  (await fetchBound({ token, key }, `${served.url}/who`)).json()

test('openid-client signs in by a code, and polls at the interval that it is told', async () => {
  const config = await oidc.discovery(new URL(served.url), 'norrix-cli', undefined, oidc.None(), {
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
  })
  const device = await oidc.initiateDeviceAuthorization(config, { scope: 'openid offline_access' })
  const pair = await oidc.randomDPoPKeyPair('ES256', { extractable: true })
  const DPoP = oidc.getDPoPHandle(config, pair)
  const key = await exportJWK(pair.privateKey)
  const polling = oidc.pollDeviceAuthorizationGrant(config, device, undefined, { DPoP })
  await approveDevice(served.url, new Browser(), device.user_code)
  const tokens = await polling
  expect(await whoIs(tokens.access_token, key)).toMatchObject({ kind: 'session', email: ana.email })
  const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, {
    DPoP,
  })
  expect(await whoIs(renewed.access_token, key)).toMatchObject({ email: ana.email })
})

test('oauth4webapi signs in by a code', async () => {
  const options = { [oauth.allowInsecureRequests]: true }
  const issuer = new URL(served.url)
  const found = await oauth.discoveryRequest(issuer, { ...options, algorithm: 'oauth2' })
  const server = await oauth.processDiscoveryResponse(issuer, found)
  const client: oauth.Client = { client_id: 'norrix-cli' }
  const asked = await oauth.deviceAuthorizationRequest(
    server,
    client,
    oauth.None(),
    { scope: 'openid offline_access' },
    options,
  )
  const device = await oauth.processDeviceAuthorizationResponse(server, client, asked)
  await approveDevice(served.url, new Browser(), device.user_code)
  const code = device.device_code
  const pair = await oauth.generateKeyPair('ES256', { extractable: true })
  const key = await exportJWK(pair.privateKey)
  const given = await oauth.deviceCodeGrantRequest(server, client, oauth.None(), code, {
    ...options,
    DPoP: oauth.DPoP(client, pair),
  })
  const tokens = await oauth.processDeviceCodeResponse(server, client, given)
  expect(oauth.getValidatedIdTokenClaims(tokens)?.iss).toBe(served.url)
  expect(await whoIs(tokens.access_token, key)).toMatchObject({ kind: 'session', email: ana.email })
})
