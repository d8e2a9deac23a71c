import type { JWTPayload } from 'jose'
import { authorize, login } from './authorize.ts'
import { html, json, serve } from './exchange.ts'
import type { Call, Origin, Reply } from './exchange.ts'
import { jwksOf, makePoolKeys } from './keys.ts'
import { logout } from './logout.ts'
import { metadataOf } from './metadata.ts'
import { errorPage } from './pages.ts'
import {
  addClient,
  addUser,
  alphanumeric,
  changeUser,
  registerUrl,
  signOutEverywhere,
} from './pool.ts'
import type { AppClient, CognitoUser, NewAppClient, NewCognitoUser, Pool } from './pool.ts'
import { revoke } from './revoke.ts'
import { token } from './token.ts'
import { signToken } from './tokens.ts'
import type { TokenUse } from './tokens.ts'
import { userInfo } from './user-info.ts'

/**
 * A stand-in for one Amazon Cognito user pool, for tests of a server whose upstream is `cognito`.
 *
 * It is not Cognito and no real pool was reached while it was written. It follows AWS's published guide
 * and what people report of live pools; `double.test.ts` holds it to libraries that we did not write,
 * and `suite.ts` runs the same checks on a real pool for anyone who has one. Left out: sign-up,
 * password reset, MFA, federation, client credentials, the implicit grant, the AWS API, triggers.
 *
 * Two origins, as in AWS: the pool's domain, where browsers and token requests go, and the issuer's
 * host, which serves the metadata and the keys.
 */
export interface CognitoDouble {
  /** `http://127.0.0.1:<port>/<userPoolId>`, or what `options.issuer` said. */
  readonly issuer: string
  /** `http://127.0.0.1:<port>`, where AWS has `https://<prefix>.auth.<region>.amazoncognito.com`. */
  readonly domainOrigin: string
  /** Where metadata and keys are really served, whatever `issuer` claims. */
  readonly issuerOrigin: string
  readonly userPoolId: string
  readonly region: string
  /** The first app client. */
  readonly clientId: string
  readonly clientSecret: string | undefined
  /** Registers a callback of the first app client. Http only for `localhost`, as in Cognito. */
  registerCallback(url: string): void
  registerLogout(url: string): void
  addClient(client?: NewAppClient): AppClient
  addUser(user: NewCognitoUser): CognitoUser
  changeUser(username: string, change: Partial<CognitoUser>): void
  /** AdminDisableUser: no sign-in, no refresh, no userInfo. Signed access tokens verify until `exp`. */
  disableUser(username: string): void
  enableUser(username: string): void
  /** AdminUserGlobalSignOut: every refresh token of the user is dead, the hosted cookie is not. */
  signOutEverywhere(username: string): void
  /** From now on the named endpoints (all when none is named) answer 503 or 429. `'none'` heals all. */
  setOutage(outage: Outage, endpoints?: readonly Endpoint[]): void
  /** Signs any claims with this pool's key for that use: for tokens that no honest pool would make. */
  signToken(use: TokenUse, claims: JWTPayload): Promise<string>
  /** Requests per endpoint since the start, refused ones and those met by an outage included. */
  counts(): Readonly<Record<Endpoint | 'refresh', number>>
  close(): Promise<void>
}

export type Outage = 'none' | '5xx' | 'throttle'

export type Endpoint =
  | 'authorize'
  | 'login'
  | 'token'
  | 'userInfo'
  | 'revoke'
  | 'logout'
  | 'error'
  | 'metadata'
  | 'jwks'
  | 'other'

export interface CognitoDoubleOptions {
  /** Users to begin with. */
  users?: readonly NewCognitoUser[]
  /** The first app client; public, without rotation and without callbacks unless said otherwise. */
  client?: NewAppClient
  /** The clock, in milliseconds since 1970. The system's when absent. */
  now?: () => number
  /** `us-east-1` when absent. */
  region?: string
  userPoolId?: string
  /** Claims another issuer than the address it is served at, for verifiers that insist on AWS's host. */
  issuer?: string
  /** Forces key ids, for a hostile pool that borrows an honest one's. */
  kids?: { access?: string; id?: string }
}

/** Starts a pool on two free ports of 127.0.0.1. It keeps everything in memory; `close` frees the ports. */
export async function startCognitoDouble(
  options: CognitoDoubleOptions = {},
): Promise<CognitoDouble> {
  const keys = await makePoolKeys(options.kids)
  const desk = new FrontDesk()
  const domain = await serve((call) => desk.answer(domainEndpoint(call), call))
  const issuerHost = await serve((call) => desk.answer(issuerEndpoint(pool, call), call))
  const region = options.region ?? 'us-east-1'
  const userPoolId = options.userPoolId ?? `${region}_${alphanumeric(9)}`
  const pool: Pool = {
    region,
    userPoolId,
    issuer: options.issuer ?? `${issuerHost.origin}/${userPoolId}`,
    domainOrigin: domain.origin,
    keys,
    now: options.now ?? Date.now,
    users: new Map(),
    clients: new Map(),
    hostedSessions: new Map(),
    codes: new Map(),
    grants: new Map(),
    refreshTokens: new Map(),
  }
  desk.open(pool)
  for (const user of options.users ?? []) addUser(pool, user)
  return handle({ pool, desk, domain, issuerHost, client: addClient(pool, options.client) })
}

type Answer = (pool: Pool, call: Call) => Promise<Reply>

const ANSWERS: Record<Endpoint, Answer> = {
  authorize,
  login,
  token,
  userInfo,
  revoke,
  logout,
  error: async (_pool, call) =>
    html(400, errorPage(call.url.searchParams.get('error') ?? 'unknown error')),
  metadata: async (pool) => json(200, metadataOf(pool)),
  jwks: async (pool) => json(200, jwksOf(pool.keys)),
  other: async () => html(404, errorPage('not_found')),
}

const DOMAIN_PATHS = new Map<string, Endpoint>([
  ['/oauth2/authorize', 'authorize'],
  ['/login', 'login'],
  ['/oauth2/token', 'token'],
  ['/oauth2/userInfo', 'userInfo'],
  ['/oauth2/revoke', 'revoke'],
  ['/logout', 'logout'],
  ['/error', 'error'],
])

function domainEndpoint(call: Call): Endpoint {
  return DOMAIN_PATHS.get(call.url.pathname) ?? 'other'
}

function issuerEndpoint(pool: Pool, call: Call): Endpoint {
  if (call.url.pathname === `/${pool.userPoolId}/.well-known/openid-configuration`)
    return 'metadata'
  return call.url.pathname === `/${pool.userPoolId}/.well-known/jwks.json` ? 'jwks' : 'other'
}

/** Counts requests, applies outages and passes what is left to the endpoint. */
class FrontDesk {
  readonly counts: Record<Endpoint | 'refresh', number> = {
    authorize: 0,
    login: 0,
    token: 0,
    refresh: 0,
    userInfo: 0,
    revoke: 0,
    logout: 0,
    error: 0,
    metadata: 0,
    jwks: 0,
    other: 0,
  }
  outage: { kind: Outage; endpoints: readonly Endpoint[] } = { kind: 'none', endpoints: [] }
  #pool: Pool | undefined

  open(pool: Pool): void {
    this.#pool = pool
  }

  async answer(endpoint: Endpoint, call: Call): Promise<Reply> {
    if (this.#pool === undefined) throw new Error('The double is still starting')
    this.counts[endpoint] += 1
    if (endpoint === 'token' && call.form.get('grant_type') === 'refresh_token')
      this.counts.refresh += 1
    return this.#outageReply(endpoint) ?? ANSWERS[endpoint](this.#pool, call)
  }

  #outageReply(endpoint: Endpoint): Reply | undefined {
    const { kind, endpoints } = this.outage
    if (kind === 'none' || (endpoints.length > 0 && !endpoints.includes(endpoint))) return undefined
    if (kind === '5xx') return html(503, errorPage('Service Unavailable'))
    return json(429, { error: 'too_many_requests', error_description: 'Rate exceeded' })
  }
}

function handle(parts: {
  pool: Pool
  desk: FrontDesk
  domain: Origin
  issuerHost: Origin
  client: AppClient
}): CognitoDouble {
  const { pool, desk, domain, issuerHost, client } = parts
  return {
    issuer: pool.issuer,
    domainOrigin: domain.origin,
    issuerOrigin: issuerHost.origin,
    userPoolId: pool.userPoolId,
    region: pool.region,
    clientId: client.clientId,
    clientSecret: client.clientSecret,
    registerCallback: (url) => registerUrl(client.callbackUrls, url),
    registerLogout: (url) => registerUrl(client.logoutUrls, url),
    addClient: (options) => addClient(pool, options),
    addUser: (user) => addUser(pool, user),
    changeUser: (username, change) => changeUser(pool, username, change),
    disableUser: (username) => changeUser(pool, username, { disabled: true }),
    enableUser: (username) => changeUser(pool, username, { disabled: false }),
    signOutEverywhere: (username) => signOutEverywhere(pool, username),
    setOutage: (kind, endpoints = []) => void (desk.outage = { kind, endpoints }),
    signToken: (use, claims) => signToken(pool, { use, claims }),
    counts: () => ({ ...desk.counts }),
    close: async () => void (await Promise.all([domain.close(), issuerHost.close()])),
  }
}
