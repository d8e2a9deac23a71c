import { randomBytes, randomUUID } from 'node:crypto'
import type { PoolKeys } from './keys.ts'

export interface CognitoUser {
  sub: string
  username: string
  password: string
  email: string
  emailVerified: boolean
  groups: string[]
  disabled: boolean
}

/** `emailVerified` is true, `groups` empty and `disabled` false unless given; `sub` is a fresh UUID. */
export type NewCognitoUser = Pick<CognitoUser, 'username' | 'password' | 'email'> &
  Partial<CognitoUser>

export interface AppClient {
  clientId: string
  /** Absent for a public client. */
  clientSecret?: string
  callbackUrls: string[]
  logoutUrls: string[]
  scopes: string[]
  accessTokenMinutes: number
  idTokenMinutes: number
  refreshTokenDays: number
  /** Refresh token rotation, off when absent. 0 to 60 seconds (AWS, RefreshTokenRotationType). */
  rotation?: { retryGracePeriodSeconds: number }
}

export type NewAppClient = Partial<Omit<AppClient, 'clientSecret' | 'rotation'>> & {
  /** `true` makes a fresh secret; absent or `false` makes a public client. */
  clientSecret?: string | boolean
  rotation?: { retryGracePeriodSeconds: number } | false
}

/** One sign-in of one user at one app client: what an `origin_jti` names, and what revocation ends. */
export interface Grant {
  originJti: string
  username: string
  clientId: string
  scopes: string[]
  authTimeSeconds: number
  refreshExpiresAtMs: number
  revoked: boolean
}

export interface RefreshToken {
  grant: Grant
  /** When rotation replaced it; it works on for the grace period. */
  retiredAtMs?: number
}

export interface AuthorizationCode {
  clientId: string
  redirectUri: string
  scopes: string[]
  username: string
  authTimeSeconds: number
  expiresAtMs: number
  nonce?: string
  codeChallenge?: string
}

/** The hosted login page's cookie session. */
export interface HostedSession {
  username: string
  authTimeSeconds: number
  expiresAtMs: number
}

/** All state of one pool. It lives in memory and dies with the double. */
export interface Pool {
  region: string
  userPoolId: string
  issuer: string
  domainOrigin: string
  keys: PoolKeys
  now: () => number
  users: Map<string, CognitoUser>
  clients: Map<string, AppClient>
  hostedSessions: Map<string, HostedSession>
  codes: Map<string, AuthorizationCode>
  grants: Map<string, Grant>
  refreshTokens: Map<string, RefreshToken>
}

const DEFAULT_SCOPES = ['openid', 'email', 'profile']

/** Adds a user, or replaces the one of that name. */
export function addUser(pool: Pool, user: NewCognitoUser): CognitoUser {
  const full = { sub: randomUUID(), emailVerified: true, groups: [], disabled: false, ...user }
  pool.users.set(full.username, full)
  return full
}

export function changeUser(pool: Pool, username: string, change: Partial<CognitoUser>): void {
  const user = pool.users.get(username)
  if (user === undefined) throw new Error(`The pool has no user ${username}`)
  Object.assign(user, change)
}

/** Adds an app client with Cognito's defaults: access and id 60 min, refresh 30 days, no rotation. */
export function addClient(pool: Pool, options: NewAppClient = {}): AppClient {
  const { clientSecret, rotation, callbackUrls = [], logoutUrls = [], ...rest } = options
  const client: AppClient = {
    clientId: alphanumeric(26),
    callbackUrls: [],
    logoutUrls: [],
    scopes: DEFAULT_SCOPES,
    accessTokenMinutes: 60,
    idTokenMinutes: 60,
    refreshTokenDays: 30,
    ...rest,
    ...(clientSecret
      ? { clientSecret: clientSecret === true ? alphanumeric(52) : clientSecret }
      : {}),
    ...(rotation ? { rotation: checkedRotation(rotation) } : {}),
  }
  for (const url of callbackUrls) registerUrl(client.callbackUrls, url)
  for (const url of logoutUrls) registerUrl(client.logoutUrls, url)
  pool.clients.set(client.clientId, client)
  return client
}

/**
 * Registers a callback or sign-out URL under Cognito's rule (AWS, CreateUserPoolClient CallbackURLs):
 * absolute, no fragment, https or a custom scheme, and plain http for `localhost` alone, so
 * `http://127.0.0.1` is refused here as the real service refuses it.
 */
export function registerUrl(list: string[], url: string): void {
  const parsed = URL.parse(url)
  if (parsed === null || url.includes('#')) throw new Error(`Cognito takes no such URL: ${url}`)
  if (parsed.protocol === 'http:' && parsed.hostname !== 'localhost')
    throw new Error(`Cognito registers http only for localhost, not ${url}`)
  if (!list.includes(url)) list.push(url)
}

/** Ends every grant of a user. The hosted cookie lives on, as it does after AdminUserGlobalSignOut. */
export function signOutEverywhere(pool: Pool, username: string): void {
  for (const grant of pool.grants.values()) if (grant.username === username) grant.revoked = true
}

/** Lower-case letters and digits, the alphabet of Cognito's client ids and secrets. */
export function alphanumeric(length: number): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from(randomBytes(length), (byte) => alphabet[byte % alphabet.length]).join('')
}

function checkedRotation(rotation: { retryGracePeriodSeconds: number }): {
  retryGracePeriodSeconds: number
} {
  const seconds = rotation.retryGracePeriodSeconds
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > 60)
    throw new Error(`RetryGracePeriodSeconds goes from 0 to 60, not ${seconds}`)
  return rotation
}
