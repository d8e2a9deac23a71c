import * as oc from 'openid-client'
import { walkHome } from './walk.ts'
import type { CookieJar, WalkEnd } from './walk.ts'

/** What a client needs to know of a pool to sign somebody in. */
export interface SignInTarget {
  issuer: string
  clientId: string
  clientSecret?: string | undefined
  callbackUrl: string
  username: string
  password: string
}

export type ClientAuthentication = 'basic' | 'post'

export type Tokens = Awaited<ReturnType<typeof oc.authorizationCodeGrant>>

export type RefreshedTokens = Awaited<ReturnType<typeof oc.refreshTokenGrant>>

export interface SignIn {
  authorizationUrl: URL
  verifier: string
  state: string
  nonce: string
}

/** `openid-client` set up for one pool, and whom to sign in there. */
export interface Client {
  config: oc.Configuration
  target: SignInTarget
}

/** Discovers the pool, with id token signatures checked; http only on loopback. */
export async function discover(
  target: SignInTarget,
  authentication: ClientAuthentication = 'basic',
): Promise<Client> {
  const issuer = new URL(target.issuer)
  const execute = [oc.enableNonRepudiationChecks]
  if (issuer.hostname === '127.0.0.1') execute.push(oc.allowInsecureRequests)
  const how = howToAuthenticate(target, authentication)
  const config = await oc.discovery(issuer, target.clientId, undefined, how, { execute })
  return { config, target }
}

/** A fresh attempt: PKCE S256, state and nonce. `extra` adds or replaces authorize parameters. */
export async function startSignIn(
  client: Client,
  extra: Record<string, string> = {},
): Promise<SignIn> {
  const verifier = oc.randomPKCECodeVerifier()
  const state = oc.randomState()
  const nonce = oc.randomNonce()
  const authorizationUrl = oc.buildAuthorizationUrl(client.config, {
    redirect_uri: client.target.callbackUrl,
    scope: 'openid email',
    state,
    nonce,
    code_challenge: await oc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...extra,
  })
  return { authorizationUrl, verifier, state, nonce }
}

/** Walks the hosted pages to the callback or to the page where they end. */
export function walkSignIn(
  client: Client,
  walk: { attempt: SignIn; jar?: CookieJar; password?: string },
): Promise<WalkEnd> {
  const { username, password, callbackUrl } = client.target
  return walkHome({
    start: walk.attempt.authorizationUrl,
    isHome: (url) => url.href.startsWith(`${callbackUrl}?`),
    username,
    password: walk.password ?? password,
    ...(walk.jar === undefined ? {} : { jar: walk.jar }),
  })
}

/** Exchanges the code of a callback, with every check that `openid-client` has. */
export function finishSignIn(
  client: Client,
  back: { attempt: SignIn; callback: URL },
): Promise<Tokens> {
  return oc.authorizationCodeGrant(client.config, back.callback, {
    pkceCodeVerifier: back.attempt.verifier,
    expectedState: back.attempt.state,
    expectedNonce: back.attempt.nonce,
    idTokenExpected: true,
  })
}

/** The whole sign-in. Throws when it does not end at the callback. */
export async function signIn(client: Client, jar: CookieJar = new Map()): Promise<Tokens> {
  const attempt = await startSignIn(client)
  const end = await walkSignIn(client, { attempt, jar })
  if (end.kind !== 'home')
    throw new Error(`The sign-in ended on ${end.url.pathname} (${end.status})`)
  return finishSignIn(client, { attempt, callback: end.url })
}

/** Presents a refresh token. */
export function refreshWith(
  client: Client,
  refreshToken: string | undefined,
): Promise<RefreshedTokens> {
  return oc.refreshTokenGrant(client.config, refreshToken ?? '')
}

/** The OAuth error code that a call was refused with; throws when it was accepted. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  const outcome = await call.then(
    () => undefined,
    (fault: unknown) => fault,
  )
  if (outcome instanceof oc.ResponseBodyError) return outcome.error
  throw new Error('The call was not refused with an OAuth error', { cause: outcome })
}

function howToAuthenticate(
  target: SignInTarget,
  authentication: ClientAuthentication,
): oc.ClientAuth {
  if (target.clientSecret === undefined) return oc.None()
  return authentication === 'basic'
    ? oc.ClientSecretBasic(target.clientSecret)
    : oc.ClientSecretPost(target.clientSecret)
}
