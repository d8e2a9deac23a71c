import { Fault } from '@norrix/contract/fault'
import type { Configuration, CustomFetch } from 'openid-client'
import { clockAheadOf, readProofKey, type ProofKey } from '../needs/proof.ts'
import type { Tokens } from '../needs/refresh.ts'
import { clientId } from './client-id.ts'
import { codeRanOut, readDeviceAnswer, type DeviceAnswer } from './device-answer.ts'
import type { NotYet } from './poll.ts'

/** One attempt to sign in: what is asked, and what the answer is checked against. */
export interface Attempt {
  readonly url: URL
  readonly state: string
  /**
   * Checks the browser's answer and changes its code into tokens.
   *
   * @param answer the address that the browser was sent back to, with all that is in it
   * @throws Fault sign_in_denied, network, not_norrix
   */
  exchange(answer: URL): Promise<BoundTokens>
}

/** A code that waits for a person (RFC 8628). */
export interface DeviceAttempt extends DeviceAnswer {
  /** Asks once whether they have answered. @throws Fault sign_in_denied, sign_in_timeout, not_norrix */
  poll(): Promise<BoundTokens | NotYet>
}

/** The tokens of a sign-in, with the key that they are bound to. */
export interface BoundTokens extends Tokens {
  readonly refreshToken: string
  readonly key: ProofKey
}

export interface Endpoints {
  readonly tokenEndpoint: string
  readonly revocationEndpoint: string
}

export interface AuthorizationServerHere extends Endpoints {
  begin(options: { readonly redirectUri: string; readonly state: string }): Promise<Attempt>
  newState(): string
  /** Undefined where the server does not sign in by codes. */
  readonly askForCode: (() => Promise<DeviceAttempt>) | undefined
}

/** What this machine says of itself, for the page that asks the person and the list of sessions. */
export interface ThisDevice {
  readonly name: string
  /** Such as `macOS`. */
  readonly system: string | undefined
}

/**
 * Reads the authorization server's metadata and gets ready for the code flow with PKCE S256 (RFC 7636), a state, a nonce,
 * the issuer in the answer (RFC 9207), and tokens bound to a new key (RFC 9449). Every endpoint has to be at the issuer's own
 * origin (threat T14). Where the clock here is wrong, the server's counts (T29).
 *
 * @param origin of the server; it is the issuer
 * @throws Fault network, not_norrix
 */
export async function prepareSignIn(
  origin: string,
  { name, system }: ThisDevice,
): Promise<AuthorizationServerHere> {
  const oidc = await import('openid-client')
  const isPlainHttp = new URL(origin).protocol === 'http:'
  // http is for this machine alone: `readOrigin` and `discover` let no other through.
  const execute = isPlainHttp ? [oidc.allowInsecureRequests] : []
  let clockAheadMs = 0
  const hearing: CustomFetch = async (url, init) => {
    const answer = await fetch(url, init as RequestInit) // the same thing, in a type of the library's own
    clockAheadMs = clockAheadOf(answer, new Date()) ?? clockAheadMs
    return answer
  }
  const found = await asking(origin, () =>
    oidc.discovery(new URL(origin), clientId, undefined, oidc.None(), {
      execute,
      [oidc.customFetch]: hearing,
    }),
  )
  const client = { [oidc.clockSkew]: Math.round(clockAheadMs / 1000) }
  const config = new oidc.Configuration(found.serverMetadata(), clientId, client, oidc.None())
  config[oidc.customFetch] = hearing
  for (const allow of execute) allow(config)
  const pair = await oidc.randomDPoPKeyPair('ES256', { extractable: true })
  const DPoP = oidc.getDPoPHandle(config, pair)
  const key = readProofKey(await crypto.subtle.exportKey('jwk', pair.privateKey))
  if (!key) throw new Error('WebCrypto made a key that is none.')
  const device = { device: name, ...(system !== undefined && { system }) }
  const scope = 'openid offline_access'
  const askForCode = async (): Promise<DeviceAttempt> => {
    const answer = await asking(origin, () =>
      oidc.initiateDeviceAuthorization(config, { scope, ...device }),
    )
    const { device_code } = answer
    return {
      ...readDeviceAnswer(answer, origin),
      poll: () =>
        oncePolled(origin, async () => {
          const sent = { device_code }
          const tokens = await oidc.genericGrantRequest(config, deviceGrant, sent, { DPoP })
          return { ...readTokens(tokens, origin), clockAheadMs, key }
        }),
    }
  }
  return {
    ...checkMetadata(config, origin),
    askForCode: offersCodes(config) ? askForCode : undefined,
    newState: oidc.randomState,
    async begin({ redirectUri, state }) {
      const verifier = oidc.randomPKCECodeVerifier()
      const nonce = oidc.randomNonce()
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
        // The code is good for this key alone (RFC 9449 section 10).
        dpop_jkt: await DPoP.calculateThumbprint(),
        // Never skipped: another program on this machine may have started this (RFC 8252 section 8.6).
        prompt: 'consent',
        ...device,
      })
      const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce }
      return {
        url,
        state,
        exchange: async (answer) => {
          const tokens = await asking(origin, () =>
            oidc.authorizationCodeGrant(config, answer, checks, undefined, { DPoP }),
          )
          return { ...readTokens(tokens, origin), clockAheadMs, key }
        },
      }
    },
  }
}

function checkMetadata(config: Configuration, origin: string): Endpoints {
  const metadata = config.serverMetadata()
  const here = (endpoint: string | undefined): string => {
    if (endpoint !== undefined && URL.canParse(endpoint) && new URL(endpoint).origin === origin) {
      return endpoint
    }
    throw untrusted(origin, 'names no place of its own for signing in')
  }
  here(metadata.authorization_endpoint)
  if (offersCodes(config)) here(metadata.device_authorization_endpoint)
  if (metadata.authorization_response_iss_parameter_supported !== true) {
    throw untrusted(origin, 'does not say in its answers who gives them')
  }
  if (!metadata.code_challenge_methods_supported?.includes('S256')) {
    throw untrusted(origin, 'does not offer PKCE with S256')
  }
  if (!metadata.dpop_signing_alg_values_supported?.includes('ES256')) {
    throw untrusted(origin, 'does not bind its tokens to a key')
  }
  return {
    tokenEndpoint: here(metadata.token_endpoint),
    revocationEndpoint: here(metadata.revocation_endpoint),
  }
}

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

function offersCodes(config: Configuration): boolean {
  return config.serverMetadata().device_authorization_endpoint !== undefined
}

function readTokens(
  tokens: { access_token: string; token_type: string; expires_in?: number; refresh_token?: string },
  origin: string,
): Pick<BoundTokens, 'accessToken' | 'expiresInSeconds' | 'refreshToken'> {
  if (tokens.token_type !== 'dpop') throw untrusted(origin, 'gave tokens that need no key')
  const {
    access_token: accessToken,
    expires_in: expiresInSeconds,
    refresh_token: refreshToken,
  } = tokens
  if (expiresInSeconds === undefined || refreshToken === undefined) {
    throw untrusted(origin, 'gave tokens without an end, or without a way to renew them')
  }
  return { accessToken, expiresInSeconds, refreshToken }
}

/** Runs a step of the protocol and names what can go wrong in it. */
async function asking<T>(origin: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (cause) {
    throw asFault(cause, origin)
  }
}

/** One poll: most of its errors only say that it is not over yet (RFC 8628 section 3.5). */
async function oncePolled(
  origin: string,
  step: () => Promise<BoundTokens>,
): Promise<BoundTokens | NotYet> {
  try {
    return await step()
  } catch (cause) {
    const error = textOf(cause, 'error')
    if (error === 'authorization_pending') return 'pending'
    if (error === 'slow_down') return 'slow-down'
    if (error === 'expired_token') throw codeRanOut(cause)
    const fault = asFault(cause, origin)
    if (fault.code === 'network' || isOutOfOrder(cause)) return 'unreachable'
    throw fault
  }
}

/** The server, or what stands before it, is not itself for a moment: a restart, or too much to do. */
function isOutOfOrder(cause: unknown): boolean {
  const answer = cause instanceof Error ? cause.cause : undefined
  const isTimeout = textOf(cause, 'code') === 'OAUTH_TIMEOUT'
  return (
    isTimeout || (answer instanceof Response && (answer.status >= 500 || answer.status === 429))
  )
}

function asFault(cause: unknown, origin: string): Fault {
  if (cause instanceof Fault) return cause
  const error = textOf(cause, 'error')
  if (error === 'access_denied') {
    return new Fault('sign_in_denied', {
      message: 'The sign-in was refused in the browser.',
      fix: 'norrix sign-in again, and allow it there if it was you',
      cause,
    })
  }
  if (error !== undefined) {
    return new Fault('sign_in_denied', {
      message: `${origin} refused the sign-in: ${textOf(cause, 'error_description') ?? error}.`,
      fix: 'norrix sign-in again; if it stays, tell whoever runs the server',
      cause,
    })
  }
  const code = textOf(cause, 'code')
  if (cause instanceof TypeError && code === undefined) {
    return new Fault('network', {
      message: `${origin} could not be reached.`,
      fix: 'check the network and try again',
      cause,
    })
  }
  return untrusted(origin, 'gave an answer that does not belong to this sign-in', cause)
}

function untrusted(origin: string, what: string, cause?: unknown): Fault {
  return new Fault('not_norrix', {
    message: `${origin} ${what}. You are not signed in.`,
    fix: 'norrix sign-in again; if it stays, tell whoever runs the server',
    cause,
  })
}

function textOf(error: unknown, name: string): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const value: unknown = Reflect.get(error, name)
  return typeof value === 'string' ? value : undefined
}
