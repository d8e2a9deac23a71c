import { jwtVerify } from 'jose'
import type { JWTPayload } from 'jose'
import { json } from './exchange.ts'
import type { Call, Reply } from './exchange.ts'
import type { CognitoUser, Grant, Pool } from './pool.ts'
import { releasesEmail } from './tokens.ts'

/**
 * `GET /oauth2/userInfo`. Here, and only here, a revoked grant's access token is refused before its
 * `exp`. `email_verified` is the string "true" or "false", unlike the boolean of the id token.
 */
export async function userInfo(pool: Pool, call: Call): Promise<Reply> {
  const text = /^Bearer (?<token>\S+)$/.exec(call.headers.authorization ?? '')?.groups?.['token']
  if (text === undefined) return refused('invalid_request', 'The access token is missing')
  const holder = await holderOf(pool, text)
  if (holder === undefined)
    return refused(
      'invalid_token',
      'Access token is expired, disabled, or deleted, or the user signed out.',
    )
  const { user, grant } = holder
  return json(200, {
    sub: user.sub,
    ...(releasesEmail(grant.scopes)
      ? { email: user.email, email_verified: String(user.emailVerified) }
      : {}),
    username: user.username,
  })
}

async function holderOf(
  pool: Pool,
  text: string,
): Promise<{ user: CognitoUser; grant: Grant } | undefined> {
  const claims = await verified(pool, text)
  const grant = pool.grants.get(String(claims?.['origin_jti']))
  const user = pool.users.get(grant?.username ?? '')
  if (grant === undefined || grant.revoked || !grant.scopes.includes('openid')) return undefined
  return user === undefined || user.disabled ? undefined : { user, grant }
}

async function verified(pool: Pool, text: string): Promise<JWTPayload | undefined> {
  const checks = { issuer: pool.issuer, algorithms: ['RS256'], currentDate: new Date(pool.now()) }
  const result = await jwtVerify(text, pool.keys.access.publicKey, checks).catch(() => undefined)
  return result?.payload['token_use'] === 'access' ? result.payload : undefined
}

function refused(error: string, description: string): Reply {
  const reply = json(401, { error, error_description: description })
  const challenge = `Bearer error="${error}", error_description="${description}"`
  return { ...reply, headers: { ...reply.headers, 'www-authenticate': challenge } }
}
