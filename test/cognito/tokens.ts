import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import type { JWTPayload } from 'jose'
import type { AppClient, CognitoUser, Grant, Pool } from './pool.ts'

/** The body of a token endpoint answer. `id_token` only where `openid` was granted. */
export interface TokenSet {
  access_token: string
  id_token?: string
  refresh_token?: string
  token_type: 'Bearer'
  expires_in: number
}

export type TokenUse = 'access' | 'id'

interface Subject {
  grant: Grant
  user: CognitoUser
  client: AppClient
  /** Sent back in the first id token only (OpenID Connect Core, 12.2). */
  nonce?: string | undefined
}

/** Signs an access token and, under `openid`, an id token. The refresh token is the caller's affair. */
export async function signTokens(pool: Pool, subject: Subject): Promise<TokenSet> {
  const eventId = randomUUID()
  const accessToken = await signToken(pool, {
    use: 'access',
    claims: accessClaims(pool, subject, eventId),
  })
  const answer: TokenSet = {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: subject.client.accessTokenMinutes * 60,
  }
  if (!subject.grant.scopes.includes('openid')) return answer
  const claims = { ...idClaims(pool, subject, eventId), at_hash: atHash(accessToken) }
  return { ...answer, id_token: await signToken(pool, { use: 'id', claims }) }
}

/**
 * Signs any claims with the pool's key for that use: what a hostile test needs (a token without
 * `exp`, for another client, from another pool). The header is Cognito's: `kid` and `alg`, no `typ`.
 */
export function signToken(
  pool: Pool,
  token: { use: TokenUse; claims: JWTPayload },
): Promise<string> {
  const key = pool.keys[token.use]
  return new SignJWT(token.claims)
    .setProtectedHeader({ kid: key.kid, alg: 'RS256' })
    .sign(key.privateKey)
}

/** A refresh token shaped like Cognito's: an opaque five-part JWE of about 1,800 characters. */
export function newRefreshToken(): string {
  const header = Buffer.from('{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}').toString('base64url')
  const parts = [256, 12, 960, 16].map((bytes) => randomBytes(bytes).toString('base64url'))
  return [header, ...parts].join('.')
}

/** The claims of an access token: `client_id` in place of `aud`. */
function accessClaims(pool: Pool, subject: Subject, eventId: string): JWTPayload {
  return {
    ...commonClaims(pool, subject, {
      eventId,
      use: 'access',
      minutes: subject.client.accessTokenMinutes,
    }),
    client_id: subject.client.clientId,
    scope: subject.grant.scopes.join(' '),
    username: subject.user.username,
    version: 2,
  }
}

function idClaims(pool: Pool, subject: Subject, eventId: string): JWTPayload {
  const { user, nonce } = subject
  return {
    ...commonClaims(pool, subject, { eventId, use: 'id', minutes: subject.client.idTokenMinutes }),
    aud: subject.client.clientId,
    'cognito:username': user.username,
    ...(nonce === undefined ? {} : { nonce }),
    ...(releasesEmail(subject.grant.scopes)
      ? { email: user.email, email_verified: user.emailVerified }
      : {}),
  }
}

function commonClaims(
  pool: Pool,
  subject: Subject,
  token: { eventId: string; use: TokenUse; minutes: number },
): JWTPayload {
  const iat = Math.floor(pool.now() / 1000)
  return {
    sub: subject.user.sub,
    ...(subject.user.groups.length === 0 ? {} : { 'cognito:groups': subject.user.groups }),
    iss: pool.issuer,
    origin_jti: subject.grant.originJti,
    event_id: token.eventId,
    token_use: token.use,
    auth_time: subject.grant.authTimeSeconds,
    iat,
    exp: iat + token.minutes * 60,
    jti: randomUUID(),
  }
}

/** `openid` alone releases every readable attribute; beside other scopes, `email` must be among them. */
export function releasesEmail(scopes: string[]): boolean {
  return scopes.includes('email') || !scopes.some((scope) => ['profile', 'phone'].includes(scope))
}

/** OpenID Connect Core 3.1.3.6: the left half of the hash of the access token. */
function atHash(accessToken: string): string {
  return createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url')
}
