import { exportJWK, type JWK } from 'jose'
import * as oidc from 'openid-client'
import type { Bound } from '../kit/proofs.ts'
import { Browser, type Page } from './browser.ts'

/** What any standard OAuth client does as `norrix-cli`: `openid-client`, which none of us wrote. */
export interface CommandLine {
  readonly config: oidc.Configuration
  readonly redirectUri: string
  readonly verifier: string
  readonly state: string
  readonly authorizeUrl: URL
  /** Its key: what `openid-client` makes proofs with, and the private half itself. */
  readonly DPoP: oidc.DPoPHandle
  readonly key: JWK
}

export const isCallback = (url: URL): boolean =>
  url.hostname === '127.0.0.1' && url.pathname === '/callback'

export async function startCommandLine(
  serverUrl: string,
  extra: Readonly<Record<string, string>> = {},
): Promise<CommandLine> {
  const config = await oidc.discovery(new URL(serverUrl), 'norrix-cli', undefined, oidc.None(), {
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
  })
  const verifier = oidc.randomPKCECodeVerifier()
  const state = oidc.randomState()
  // Nobody listens there and nobody registered it: the walk stops before it.
  const redirectUri = 'http://127.0.0.1:49321/callback'
  const authorizeUrl = oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid offline_access',
    state,
    device: 'ana-laptop',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...extra,
  })
  const pair = await oidc.randomDPoPKeyPair('ES256', { extractable: true })
  const key = await exportJWK(pair.privateKey)
  const DPoP = oidc.getDPoPHandle(config, pair)
  return { config, redirectUri, verifier, state, authorizeUrl, DPoP, key }
}

export function exchange(line: CommandLine, callback: URL) {
  const checks = {
    pkceCodeVerifier: line.verifier,
    expectedState: line.state,
    idTokenExpected: true,
  }
  return oidc.authorizationCodeGrant(line.config, callback, checks, undefined, { DPoP: line.DPoP })
}

/** New tokens for the refresh token, by whoever holds the key. */
export function refresh(
  { config, DPoP }: Pick<CommandLine, 'config' | 'DPoP'>,
  tokens: { readonly refresh_token?: string },
) {
  return oidc.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP })
}

export const ana = {
  name: 'Ana Lima',
  email: 'ana@example.com',
  password: 'correct horse battery',
  orgName: 'Acme',
} as const

/** The whole claim by password; the browser ends on the dashboard. */
export async function claimByPassword(
  served: { url: string; identity: { ownerLink(): Promise<{ url: string } | undefined> } },
  browser = new Browser(),
): Promise<Browser> {
  const link = await served.identity.ownerLink()
  if (!link) throw new Error('The server is claimed already')
  const page = await browser.open(link.url)
  const end = await browser.submit(page, '/claim', ana)
  if (end.url.pathname !== '/') throw new Error(`The claim ended on ${end.url}: ${end.text}`)
  return browser
}

/** From the authorize address to the consent page, by password where one is asked for. */
export async function reachConsent(
  line: CommandLine,
  browser: Browser,
  who: { email: string; password: string } = ana,
): Promise<Page> {
  const page = await browser.open(line.authorizeUrl.href, { stopAt: isCallback })
  if (!page.forms.some(({ action }) => action.endsWith('/sign-in'))) return page
  return browser.submit(page, '/sign-in', { email: who.email, password: who.password })
}

/** Signs a command line in. */
export async function signInCommandLine(
  serverUrl: string,
  browser = new Browser(),
  who: { email: string; password: string } = ana,
) {
  const line = await startCommandLine(serverUrl)
  const consent = await reachConsent(line, browser, who)
  const end = await browser.submit(
    consent,
    '/consent',
    { answer: 'sign-in' },
    { stopAt: isCallback },
  )
  const tokens = await exchange(line, end.url)
  const bound: Bound = { token: tokens.access_token, key: line.key }
  return { line, tokens, bound, callback: end.url, browser }
}
