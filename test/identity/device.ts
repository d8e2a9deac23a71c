import { exportJWK, type JWK } from 'jose'
import * as oidc from 'openid-client'
import type { Browser, Page } from './browser.ts'
import { ana } from './command-line.ts'

/** What any standard OAuth client does with a device code (RFC 8628): `openid-client`, which none of us wrote. */
export type Device = Pick<
  oidc.DeviceAuthorizationResponse,
  | 'device_code'
  | 'user_code'
  | 'verification_uri'
  | 'verification_uri_complete'
  | 'interval'
  | 'expires_in'
> & {
  readonly config: oidc.Configuration
  /** Its key: what `openid-client` makes proofs with, and the private half itself. */
  readonly DPoP: oidc.DPoPHandle
  readonly key: JWK
}

export async function requestDevice(
  serverUrl: string,
  extra: Readonly<Record<string, string>> = {},
): Promise<Device> {
  const config = await oidc.discovery(new URL(serverUrl), 'norrix-cli', undefined, oidc.None(), {
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
  })
  const parameters = { scope: 'openid offline_access', device: 'ana-laptop', ...extra }
  const pair = await oidc.randomDPoPKeyPair('ES256', { extractable: true })
  const key = await exportJWK(pair.privateKey)
  const DPoP = oidc.getDPoPHandle(config, pair)
  return { ...(await oidc.initiateDeviceAuthorization(config, parameters)), config, DPoP, key }
}

/** One poll, at once: the tokens, or the error that the server answers with. */
export async function poll({
  config,
  device_code,
  DPoP,
}: Device): Promise<string | Awaited<ReturnType<typeof oidc.genericGrantRequest>>> {
  const grant = 'urn:ietf:params:oauth:grant-type:device_code'
  return oidc
    .genericGrantRequest(config, grant, { device_code }, { DPoP })
    .catch((error: unknown) => {
      if (error instanceof oidc.ResponseBodyError) return error.error
      throw error
    })
}

export async function enterCode(serverUrl: string, browser: Browser, code: string): Promise<Page> {
  const page = await browser.open(`${serverUrl}/device`)
  return browser.submit(page, '/device', { code })
}

/** From the code to the consent page, by password where one is asked for. */
export async function reachDeviceConsent(
  serverUrl: string,
  browser: Browser,
  code: string,
  who: { email: string; password: string } = ana,
): Promise<Page> {
  const page = await enterCode(serverUrl, browser, code)
  if (!page.forms.some(({ action }) => action.endsWith('/sign-in'))) return page
  return browser.submit(page, '/sign-in', { email: who.email, password: who.password })
}

/** Everything that a person does for a device. */
export async function approveDevice(
  serverUrl: string,
  browser: Browser,
  code: string,
): Promise<Page> {
  const consent = await reachDeviceConsent(serverUrl, browser, code)
  return browser.submit(consent, '/consent', { answer: 'sign-in' })
}
