/** What an operator decides about identity. The server's `config.ts` reads these from its file. */

/** Who vouches for people. */
export type UpstreamConfig =
  | { readonly kind: 'embedded' }
  | {
      readonly kind: 'cognito'
      /** Such as `eu-central-1`. */
      readonly region: string
      readonly userPoolId: string
      /** Origin of the pool's own domain, where browsers and token requests go. */
      readonly domain: string
      readonly clientId: string
      readonly clientSecret?: string | undefined
      /** Only for a pool that answers elsewhere than AWS does, such as a test's. */
      readonly issuer?: string | undefined
    }
  | {
      readonly kind: 'oidc'
      /** What people know it by, such as `Acme SSO`. */
      readonly name: string
      readonly issuer: string
      readonly clientId: string
      readonly clientSecret?: string | undefined
      /** `openid email profile` when absent. */
      readonly scopes?: readonly string[] | undefined
    }

/** Who may have an account here (ruling 14). */
export type SignUp =
  | { readonly kind: 'invite' }
  /** Whoever proves a verified address in one of these, written in lower case. */
  | { readonly kind: 'domain'; readonly domains: readonly string[] }
  | { readonly kind: 'open' }

export interface IdentityConfig {
  readonly kind: 'prod' | 'dev'
  /** Our own origin, and the issuer of our tokens; no trailing slash. */
  readonly publicUrl: string
  /** What this environment is called in a sentence, such as `prod`. */
  readonly name: string
  readonly upstreams: readonly UpstreamConfig[]
  readonly signUp: SignUp
  /** Which ways a command line may sign in, besides a browser on its own machine. */
  readonly signIn: SignIn
}

export interface SignIn {
  /** By a code that is typed in a browser anywhere (RFC 8628). */
  readonly device: boolean
}
