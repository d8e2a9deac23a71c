import type { UpstreamConfig } from '../config.ts'
import { oidcUpstream } from './oidc.ts'
import type { ExternalUpstream } from './upstream.ts'

type CognitoConfig = Extract<UpstreamConfig, { kind: 'cognito' }>

/**
 * An Amazon Cognito user pool: OpenID Connect with quirks (auth (c)).
 *
 * - Two hosts: the issuer's, with metadata and keys, and the pool's own domain, with everything that people and codes go
 *   through. Both are in the configuration, so metadata that names a third one is refused.
 * - The metadata does not mention PKCE, which Cognito has: it is sent all the same.
 * - Id and access tokens differ by `token_use`; an access token must never pass for an id token (T24).
 * - The redirect address is compared byte for byte with the registered one.
 * - There is no `iss` in the answer, hence a callback path of its own.
 *
 * @throws Fault config_file
 */
export function cognitoUpstream(config: CognitoConfig, weAreLocal: boolean): ExternalUpstream {
  const issuer =
    config.issuer ?? `https://cognito-idp.${config.region}.amazonaws.com/${config.userPoolId}`
  const domain = originOf(config.domain)
  return oidcUpstream({
    id: 'cognito',
    name: 'AWS Cognito',
    issuer,
    clientId: config.clientId,
    clientSecret: config.clientSecret,
    scopes: ['openid', 'email', 'profile'],
    weAreLocal,
    checkMetadata: ({ authorization_endpoint, token_endpoint, jwks_uri }) => {
      for (const endpoint of [authorization_endpoint, token_endpoint]) {
        if (originOf(endpoint ?? '') !== domain) return `${endpoint} is not of the pool's domain`
      }
      return originOf(jwks_uri ?? '') === originOf(issuer)
        ? undefined
        : `${jwks_uri} is not of the issuer's host`
    },
    checkClaims: ({ token_use }) =>
      token_use === 'id' ? undefined : 'the token is not an id token (`token_use`)',
  })
}

/** Takes a bare host name too, as AWS shows the domain. */
function originOf(text: string): string | undefined {
  return URL.parse(text.includes('://') ? text : `https://${text}`)?.origin
}
