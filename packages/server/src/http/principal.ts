import type { Role, Scope } from '@norrix/contract/access.policy'

/** Who is asking, once the credential has been looked up. */
export type Principal =
  | NobodyPrincipal
  | SessionPrincipal
  | KeyPrincipal
  | RunnerPrincipal
  | LeasePrincipal

export interface NobodyPrincipal {
  readonly kind: 'nobody'
}

export interface SessionPrincipal {
  readonly kind: 'session'
  readonly sessionId: string
  readonly accountId: string
  readonly email: string
  /** `cookie` principals come from a browser; the origin proof was asked for unsafe verbs. */
  readonly via: 'token' | 'cookie'
}

export interface KeyPrincipal {
  readonly kind: 'key'
  readonly keyId: string
  readonly orgId: string
  /** The organization as the check of the key read it, in the same look-up. Milliseconds since 1970. */
  readonly org: { readonly name: string; readonly createdAt: number }
  readonly name: string
  readonly start: string
  readonly scopes: readonly Scope[]
  readonly expiresAt: number | null
}

export interface RunnerPrincipal {
  readonly kind: 'runner'
  readonly runnerId: string
  /** Null: the server's own runner, which serves every organization. */
  readonly orgId: string | null
  readonly name: string
}

export interface LeasePrincipal {
  readonly kind: 'lease'
  readonly leaseId: string
  readonly runnerId: string
  readonly buildId: string
  readonly orgId: string
  readonly number: number
}

/** The credential a request carries, by its form. At most one is looked at. */
export type Credential =
  | { readonly kind: 'none' }
  | TokenCredential
  | { readonly kind: 'cookie'; readonly value: string }
  | { readonly kind: 'api-key'; readonly key: string }
  | { readonly kind: 'runner-token'; readonly token: string }
  | { readonly kind: 'lease-token'; readonly token: string }

/** A session's token, with the proof of its key that came beside it (RFC 9449). One object for one request. */
export interface TokenCredential {
  readonly kind: 'access-token'
  readonly token: string
  readonly proof: string | undefined
  /** The request that the proof has to be for. */
  readonly method: string
  /** As people type it: on the public origin, wherever the request came in. */
  readonly url: URL
}

/** What a look-up may know of the request. */
export interface RequestFacts {
  /** The peer's address. */
  readonly address: string
  /** `User-Agent`, at most 200 characters, without control characters. */
  readonly agent: string
}

/**
 * Looks a credential up, in the primary database, on every request (ruling 2).
 *
 * @throws Fault session_ended, proof_invalid, key_invalid, key_revoked, key_expired, wrong_environment, runner_unknown, lease_lost
 */
export type Authenticate<C extends Credential['kind'], P extends Principal> = (
  credential: Extract<Credential, { kind: C }>,
  facts: RequestFacts,
) => Promise<P>

/** One look-up for each kind of credential; each is a feature's own. */
export interface Authenticators {
  readonly 'access-token': Authenticate<'access-token', SessionPrincipal>
  readonly cookie: Authenticate<'cookie', SessionPrincipal>
  readonly 'api-key': Authenticate<'api-key', KeyPrincipal>
  readonly 'runner-token': Authenticate<'runner-token', RunnerPrincipal>
  readonly 'lease-token': Authenticate<'lease-token', LeasePrincipal>
  /** What the account is in the organization; undefined when it is no member. */
  readonly roleOf: (accountId: string, orgId: string) => Promise<Role | undefined>
}
