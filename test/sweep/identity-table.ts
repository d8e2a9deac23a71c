/** What is under way on the server when the addresses are tried. */
export interface Scene {
  readonly url: string
  readonly claimToken: string
  /** The path of a request of the command line that waits for consent, and what its browser holds. */
  readonly consent: string
  readonly authorizeTarget: string
  /** Of a device that waits. */
  readonly userCode: string
  /** `name=value; …` of the browser in which somebody is signed in and asked for consent. */
  readonly cookies: string
}

export interface Route {
  readonly target: (scene: Scene) => string
  /** What a POST sends: what would work if it came from our own page. */
  readonly form?: (scene: Scene) => Readonly<Record<string, string>>
  /** The tables that a GET may write to, and why. */
  readonly writes?: readonly string[]
}

const account = { name: '', email: 'eve@example.com', password: 'only for tests, eve' }
const page = (target: (scene: Scene) => string): Route => ({ target })
export const at = (path: string): Route => ({ target: () => path })
const form = (target: Route['target'], fields: NonNullable<Route['form']>): Route => ({
  target,
  form: fields,
})

export const uid = '([\\w-]+)'
/** Every address, as `identityRoutes` writes it, with one at which it would do something, if it did. */
export const table: Readonly<Record<string, Route>> = {
  'GET /claim': page(({ claimToken }) => `/claim?token=${claimToken}`),
  'POST /claim': form(
    () => '/claim',
    ({ claimToken }) => ({ ...account, token: claimToken, orgName: 'Eve and sons' }),
  ),
  'GET /claim/with/([a-z0-9-]+)': page(({ claimToken }) => `/claim/with/none?token=${claimToken}`),
  'GET /claim/confirm': at('/claim/confirm?trip=sweep'),
  'POST /claim/confirm': form(
    () => '/claim/confirm',
    () => ({ trip: 'sweep', orgName: 'Eve and sons' }),
  ),
  'GET /device': at('/device?user_code=BCDF-GHJK'),
  'POST /device': form(
    () => '/device',
    ({ userCode }) => ({ code: userCode }),
  ),
  'GET /device/approved': at('/device/approved'),
  'GET /device/refused': at('/device/refused'),
  'GET /sign-in/code': at(`/sign-in/code?code=${'c'.repeat(43)}&state=${'s'.repeat(43)}`),
  'GET /sign-in': at('/sign-in?return_to=/'),
  'GET /sign-in/([a-z0-9-]+)/callback': at('/sign-in/none/callback?code=sweep&state=sweep'),
  'GET /signed-in': at('/signed-in'),
  'GET /signed-in/dashboard': at('/signed-in/dashboard?code=sweep&state=sweep'),
  'GET /signed-out': at('/signed-out'),
  'POST /sign-out': form(
    () => '/sign-out',
    () => ({}),
  ),
  [`GET /interaction/${uid}`]: page(({ consent }) => consent),
  [`POST /interaction/${uid}/sign-in`]: form(
    ({ consent }) => `${consent}/sign-in`,
    () => ({ email: 'bo@example.com', password: 'only for tests, bo' }),
  ),
  [`GET /interaction/${uid}/sign-up`]: page(({ consent }) => `${consent}/sign-up`),
  [`POST /interaction/${uid}/sign-up`]: form(
    ({ consent }) => `${consent}/sign-up`,
    () => account,
  ),
  [`GET /interaction/${uid}/with/([a-z0-9-]+)`]: page(({ consent }) => `${consent}/with/none`),
  [`GET /interaction/${uid}/return`]: page(({ consent }) => `${consent}/return?trip=sweep`),
  [`POST /interaction/${uid}/consent`]: form(
    ({ consent }) => `${consent}/consent`,
    () => ({ answer: 'sign-in' }),
  ),
  [`POST /interaction/${uid}/cancel`]: form(
    ({ consent }) => `${consent}/cancel`,
    () => ({}),
  ),
  [`POST /interaction/${uid}/another`]: form(
    ({ consent }) => `${consent}/another`,
    () => ({}),
  ),
  'ANY /.well-known/openid-configuration': at('/.well-known/openid-configuration'),
  'ANY /.well-known/oauth-authorization-server': at('/.well-known/oauth-authorization-server'),
  // A request is written down before anybody is asked (RFC 6749 section 3.1 has it come by GET). It gives nobody anything.
  'ANY /authorize': {
    ...form(
      ({ authorizeTarget }) => authorizeTarget,
      () => ({}),
    ),
    writes: ['oidc_states'],
  },
  // Goes on with a request, which has not been answered yet: the person is asked again.
  'ANY /authorize/[\\w-]{20,}': {
    ...form(
      ({ consent }) => consent.replace('/interaction/', '/authorize/'),
      () => ({}),
    ),
    writes: ['oidc_states'],
  },
  // Anybody may ask for a code; it gives nothing until a person has said yes.
  'ANY /device-code': at('/device-code'),
  'ANY /token': form(
    () => '/token',
    () => ({ grant_type: 'refresh_token', refresh_token: 'sweep', client_id: 'norrix-cli' }),
  ),
  'ANY /jwks': at('/jwks'),
  'ANY /revoke': form(
    () => '/revoke',
    () => ({ token: 'sweep', client_id: 'norrix-cli' }),
  ),
  'ANY /userinfo': form(
    () => '/userinfo',
    () => ({}),
  ),
}
