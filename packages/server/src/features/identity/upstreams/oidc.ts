import * as oidc from 'openid-client'
import { Fault } from '@norrix/contract/fault'
import type { Identified } from '../accounts/account.ts'
import type { ExternalUpstream, UpstreamAttempt } from './upstream.ts'

/** How one OpenID provider is spoken to. A quirk is a member here, not a branch in the code. */
export interface OidcOptions {
  readonly id: string
  readonly name: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string | undefined
  readonly scopes: readonly string[]
  /** Whether our own address is on this machine; only then may the issuer be plain http on loopback. */
  readonly weAreLocal: boolean
  /** Looks at what discovery said. Returns what is wrong with it. */
  readonly checkMetadata?: (metadata: oidc.ServerMetadata) => string | undefined
  /** Looks at the id token's claims. Returns what is wrong with them. */
  readonly checkClaims?: (claims: Readonly<Record<string, unknown>>) => string | undefined
}

const timeoutSeconds = 10

/**
 * Any OpenID provider, by discovery on first use. A failed discovery is tried again at the next sign-in, so that an
 * upstream that was down when we started is no reason to restart.
 *
 * @throws Fault config_file when the issuer is not https
 */
export function oidcUpstream(options: OidcOptions): ExternalUpstream {
  const issuer = parseIssuer(options)
  let discovered: Promise<oidc.Configuration> | undefined
  const configuration = () => {
    discovered ??= discover(options, issuer).catch((cause: unknown) => {
      discovered = undefined
      throw failed(options.name, 'could not be reached, or its metadata is not right', cause)
    })
    return discovered
  }
  return {
    kind: 'external',
    id: options.id,
    name: options.name,
    issuer: options.issuer,
    async begin(attempt) {
      return oidc.buildAuthorizationUrl(await configuration(), {
        redirect_uri: attempt.redirectUri,
        scope: options.scopes.join(' '),
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(attempt.verifier),
        code_challenge_method: 'S256',
        ...(attempt.afresh ? { prompt: 'login' } : {}),
      })
    },
    async finish(attempt, callback) {
      const config = await configuration()
      try {
        return await identify(options, config, attempt, callback)
      } catch (cause) {
        throw toFault(options.name, cause)
      }
    },
  }
}

function parseIssuer({ issuer, name, weAreLocal }: OidcOptions): URL {
  const url = URL.parse(issuer)
  if (url?.protocol === 'https:') return url
  if (url?.protocol === 'http:' && isLoopback(url) && weAreLocal) return url
  throw new Fault('config_file', {
    message: `The issuer of the upstream "${name}" has to be an https address.`,
    fix: 'mend `upstreams` in norrix-server.json; plain http is for a server and an issuer on one machine',
  })
}

export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

async function discover(options: OidcOptions, issuer: URL): Promise<oidc.Configuration> {
  const { clientId, clientSecret } = options
  const authentication =
    clientSecret === undefined ? oidc.None() : oidc.ClientSecretBasic(clientSecret)
  const execute = issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : []
  const config = await oidc.discovery(issuer, clientId, undefined, authentication, {
    execute: [...execute, oidc.enableNonRepudiationChecks],
    timeout: timeoutSeconds,
  })
  const metadata = config.serverMetadata()
  const problem = insecureEndpoint(metadata, issuer) ?? options.checkMetadata?.(metadata)
  if (problem !== undefined) throw new Error(problem)
  return config
}

/** Metadata may not lead anywhere that is less safe than the issuer itself (T14). */
function insecureEndpoint(metadata: oidc.ServerMetadata, issuer: URL): string | undefined {
  const { authorization_endpoint, token_endpoint, jwks_uri, userinfo_endpoint } = metadata
  for (const endpoint of [authorization_endpoint, token_endpoint, jwks_uri]) {
    if (endpoint === undefined) return 'an endpoint is missing from the metadata'
  }
  for (const endpoint of [authorization_endpoint, token_endpoint, jwks_uri, userinfo_endpoint]) {
    if (endpoint === undefined) continue
    const url = URL.parse(endpoint)
    const isFine =
      url?.protocol === 'https:' ||
      (issuer.protocol === 'http:' && url?.protocol === 'http:' && isLoopback(url))
    if (!isFine) return `the metadata names ${endpoint}, which is not https`
  }
  return undefined
}

async function identify(
  options: OidcOptions,
  config: oidc.Configuration,
  attempt: UpstreamAttempt,
  callback: URL,
): Promise<Identified> {
  const tokens = await oidc.authorizationCodeGrant(config, callback, {
    pkceCodeVerifier: attempt.verifier,
    expectedState: attempt.state,
    expectedNonce: attempt.nonce,
    idTokenExpected: true,
  })
  const claims = tokens.claims()
  if (!claims) throw new Error('there is no id token')
  const problem = options.checkClaims?.(claims)
  if (problem !== undefined) throw new Error(problem)
  const hasProfile = typeof claims['email'] === 'string'
  const profile: Readonly<Record<string, unknown>> =
    hasProfile || config.serverMetadata().userinfo_endpoint === undefined
      ? claims
      : { ...claims, ...(await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)) }
  return toIdentified(options.issuer, claims.sub, profile)
}

function toIdentified(
  issuer: string,
  subject: string,
  profile: Readonly<Record<string, unknown>>,
): Identified {
  const text = (name: string) => {
    const value = profile[name]
    // Written into lists and terminals later: no control characters, no end of line.
    return typeof value === 'string'
      ? value
          .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '')
          .slice(0, 254)
          .trim()
      : ''
  }
  const verified = profile['email_verified']
  return {
    issuer,
    subject,
    email: text('email') || text('preferred_username') || text('cognito:username') || subject,
    // Cognito's userInfo says it as text.
    emailVerified: text('email') !== '' && (verified === true || verified === 'true'),
    name: text('name').slice(0, 64) || null,
  }
}

function toFault(name: string, cause: unknown): Fault {
  if (cause instanceof oidc.AuthorizationResponseError) {
    if (cause.error === 'access_denied') {
      return new Fault('sign_in_denied', {
        message: `${name} did not sign you in.`,
        fix: 'try again, or ask whoever runs your accounts there',
        cause,
      })
    }
    return failed(name, 'refused the sign-in', cause)
  }
  return failed(name, 'gave an answer that cannot be trusted or none at all', cause)
}

function failed(name: string, what: string, cause: unknown): Fault {
  return new Fault('upstream_failed', {
    message: `${name} ${what}. This Norrix server itself works.`,
    fix: 'try again in a minute; if it stays, tell whoever runs this server',
    cause,
  })
}
