import type { Pool } from './pool.ts'

/**
 * The discovery document with the fields that Cognito publishes and no others. What it lacks matters:
 * no `code_challenge_methods_supported` though S256 works, no
 * `authorization_response_iss_parameter_supported`, no device, introspection or PAR endpoint.
 */
export function metadataOf(pool: Pool): Record<string, string | string[]> {
  const { issuer, domainOrigin } = pool
  return {
    authorization_endpoint: `${domainOrigin}/oauth2/authorize`,
    end_session_endpoint: `${domainOrigin}/logout`,
    id_token_signing_alg_values_supported: ['RS256'],
    issuer,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    response_types_supported: ['code', 'token'],
    revocation_endpoint: `${domainOrigin}/oauth2/revoke`,
    scopes_supported: ['openid', 'email', 'phone', 'profile'],
    subject_types_supported: ['public'],
    token_endpoint: `${domainOrigin}/oauth2/token`,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    userinfo_endpoint: `${domainOrigin}/oauth2/userInfo`,
  }
}
