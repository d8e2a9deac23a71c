import { authenticateClient } from './client-authentication.ts'
import { json } from './exchange.ts'
import type { Call, Reply } from './exchange.ts'
import type { Pool } from './pool.ts'

/**
 * `POST /oauth2/revoke` (AWS, "The token revocation endpoint"): takes refresh tokens alone, from the
 * client they were issued to, and ends the whole grant, rotated successors included. Unknown tokens
 * are answered 200 (RFC 7009 section 2.2); which code Cognito gives another client's token is not
 * documented, so only the refusal is to be relied on.
 */
export async function revoke(pool: Pool, call: Call): Promise<Reply> {
  if (call.method !== 'POST') return json(405, { error: 'invalid_request' })
  const client = authenticateClient(pool, call)
  if (client === undefined) return json(401, { error: 'invalid_client' })
  const text = call.form.get('token')
  if (text === null || text === '') return json(400, { error: 'invalid_request' })
  // A three-part token is a JWT: an access or id token, which the endpoint does not revoke.
  if (text.split('.').length === 3) return json(400, { error: 'unsupported_token_type' })
  const grant = pool.refreshTokens.get(text)?.grant
  if (grant !== undefined && grant.clientId !== client.clientId)
    return json(400, { error: 'unauthorized_client' })
  if (grant !== undefined) grant.revoked = true
  return { status: 200, headers: { 'content-length': '0' }, body: '' }
}
