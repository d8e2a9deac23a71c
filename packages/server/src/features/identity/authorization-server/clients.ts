import type { ClientMetadata, Provider } from 'oidc-provider'

/** Whom the authorization server knows. There is no registration. */
export const commandLineClientId = 'norrix-cli'
export const dashboardClientId = 'norrix-dashboard'

export type ClientId = typeof commandLineClientId | typeof dashboardClientId

export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

/** Where the answer is shown for carrying it to a terminal by hand. */
export const pastePath = '/sign-in/code'

/** Where the dashboard's sign-in comes back to. */
export const dashboardCallbackPath = '/signed-in/dashboard'

export function clientsOf(options: {
  publicUrl: string
  dashboardSecret: string
  offersDeviceCodes: boolean
}): ClientMetadata[] {
  return [
    {
      client_id: commandLineClientId,
      client_name: 'Norrix CLI',
      application_type: 'native',
      // A program that everybody can read keeps no secret (RFC 8252 section 8.4).
      token_endpoint_auth_method: 'none',
      // On any port: RFC 8252 section 7.3, which holds for the literal address and nothing else. The other way back, by
      // hand, is let in by `alsoByHand`: here the library would take it on any port of this machine.
      redirect_uris: ['http://127.0.0.1/callback'],
      grant_types: [
        'authorization_code',
        'refresh_token',
        ...(options.offersDeviceCodes ? [deviceGrant] : []),
      ],
      response_types: ['code'],
      id_token_signed_response_alg: 'ES256',
      // No token without a key, so that there is none that works for whoever finds it (RFC 9449 section 5.2).
      dpop_bound_access_tokens: true,
    },
    {
      client_id: dashboardClientId,
      client_name: 'Norrix dashboard',
      application_type: 'web',
      client_secret: options.dashboardSecret,
      token_endpoint_auth_method: 'client_secret_post',
      redirect_uris: [`${options.publicUrl}${dashboardCallbackPath}`],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      id_token_signed_response_alg: 'ES256',
    },
  ]
}

/** Lets the command line name our own page as its way back: this address and no other that resembles it. */
export function alsoByHand(provider: Provider, publicUrl: string): void {
  const { prototype } = provider.Client
  const isRegistered = prototype.redirectUriAllowed
  prototype.redirectUriAllowed = function isAllowed(uri) {
    if (this.clientId === commandLineClientId && uri === `${publicUrl}${pastePath}`) return true
    return isRegistered.call(this, uri)
  }
}
