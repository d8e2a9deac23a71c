import { createHash, randomUUID } from 'node:crypto'
import { authenticateClient } from './client-authentication.ts'
import { json } from './exchange.ts'
import type { Call, Reply } from './exchange.ts'
import type {
  AppClient,
  AuthorizationCode,
  CognitoUser,
  Grant,
  Pool,
  RefreshToken,
} from './pool.ts'
import { newRefreshToken, signTokens } from './tokens.ts'

const DAY_MS = 24 * 60 * 60_000

/**
 * `POST /oauth2/token`. Refusals are HTTP 400 with RFC 6749 section 5.2 error codes, as AWS documents
 * the endpoint; the descriptions are ours, and Cognito promises no fixed wording either.
 */
export async function token(pool: Pool, call: Call): Promise<Reply> {
  if (call.method !== 'POST') return json(405, { error: 'invalid_request' })
  const client = authenticateClient(pool, call)
  if (client === undefined) return refusal('invalid_client', 'invalid_client_secret')
  const grantType = call.form.get('grant_type')
  if (grantType === 'authorization_code') return redeemCode(pool, { client, form: call.form })
  if (grantType === 'refresh_token') return refresh(pool, { client, form: call.form })
  return grantType === null ? refusal('invalid_request') : refusal('unsupported_grant_type')
}

interface Ask {
  client: AppClient
  form: URLSearchParams
}

async function redeemCode(pool: Pool, ask: Ask): Promise<Reply> {
  const text = ask.form.get('code')
  if (text === null || ask.form.get('redirect_uri') === null) return refusal('invalid_request')
  const code = pool.codes.get(text)
  if (code === undefined || code.clientId !== ask.client.clientId)
    return refusal(
      'invalid_grant',
      'Authorization code has been consumed already or does not exist',
    )
  // A code is spent by its first presentation, whatever comes of it: retries are seen to be refused.
  pool.codes.delete(text)
  const fault = codeFault(pool, { code, form: ask.form })
  if (fault !== undefined) return fault
  const user = pool.users.get(code.username)
  if (user === undefined || user.disabled) return refusal('invalid_grant', 'User is disabled.')
  const grant = openGrant(pool, { code, client: ask.client })
  const tokens = await signTokens(pool, { grant, user, client: ask.client, nonce: code.nonce })
  return json(200, { ...tokens, refresh_token: issueRefreshToken(pool, grant) })
}

function codeFault(
  pool: Pool,
  turn: { code: AuthorizationCode; form: URLSearchParams },
): Reply | undefined {
  const { code, form } = turn
  if (code.expiresAtMs <= pool.now())
    return refusal('invalid_grant', 'Authorization code has expired')
  // Reported from live pools: a redirect that differs from the authorize request's is this error.
  if (form.get('redirect_uri') !== code.redirectUri) return refusal('unauthorized_client')
  if (code.codeChallenge === undefined) return undefined
  const verifier = form.get('code_verifier') ?? ''
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  return challenge === code.codeChallenge
    ? undefined
    : refusal('invalid_grant', 'code verifier mismatch')
}

async function refresh(pool: Pool, ask: Ask): Promise<Reply> {
  const presented = pool.refreshTokens.get(ask.form.get('refresh_token') ?? '')
  if (presented === undefined || presented.grant.clientId !== ask.client.clientId)
    return refusal('invalid_grant', 'Invalid Refresh Token')
  const user = pool.users.get(presented.grant.username)
  const fault = refreshFault(pool, { presented, client: ask.client, user })
  if (fault !== undefined || user === undefined) return refusal('invalid_grant', fault)
  const tokens = await signTokens(pool, { grant: presented.grant, user, client: ask.client })
  if (ask.client.rotation === undefined) return json(200, tokens)
  // The grace period counts from the first use; a retry inside it does not prolong it.
  presented.retiredAtMs ??= pool.now()
  return json(200, { ...tokens, refresh_token: issueRefreshToken(pool, presented.grant) })
}

function refreshFault(
  pool: Pool,
  turn: { presented: RefreshToken; client: AppClient; user: CognitoUser | undefined },
): string | undefined {
  const { presented, client, user } = turn
  const graceMs = (client.rotation?.retryGracePeriodSeconds ?? 0) * 1000
  if (user === undefined) return 'User does not exist.'
  if (presented.grant.revoked) return 'Refresh Token has been revoked'
  if (presented.grant.refreshExpiresAtMs <= pool.now()) return 'Refresh Token has expired'
  if (presented.retiredAtMs !== undefined && pool.now() >= presented.retiredAtMs + graceMs)
    return 'Refresh Token has been rotated'
  return user.disabled ? 'User is disabled.' : undefined
}

function openGrant(pool: Pool, turn: { code: AuthorizationCode; client: AppClient }): Grant {
  const grant: Grant = {
    originJti: randomUUID(),
    username: turn.code.username,
    clientId: turn.client.clientId,
    scopes: turn.code.scopes,
    authTimeSeconds: turn.code.authTimeSeconds,
    refreshExpiresAtMs: pool.now() + turn.client.refreshTokenDays * DAY_MS,
    revoked: false,
  }
  pool.grants.set(grant.originJti, grant)
  return grant
}

/** The end of life belongs to the grant: a rotated token has the remaining life, not a new one. */
function issueRefreshToken(pool: Pool, grant: Grant): string {
  const text = newRefreshToken()
  pool.refreshTokens.set(text, { grant })
  return text
}

function refusal(error: string, description?: string): Reply {
  return json(400, {
    error,
    ...(description === undefined ? {} : { error_description: description }),
  })
}
