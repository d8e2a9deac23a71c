import type { Identified } from '../accounts/account.ts'

/**
 * Someone who vouches for people (ruling 1). `embedded` is this server itself, by password and on a page of ours; every
 * other one is a service that the browser is sent to and comes back from.
 *
 * One path of ours belongs to each upstream, so that an answer of one is never taken for another's (RFC 9700 section 4.4).
 */
export type Upstream = EmbeddedUpstream | ExternalUpstream

export interface EmbeddedUpstream {
  readonly kind: 'embedded'
  readonly id: 'embedded'
  readonly name: string
  readonly issuer: string
}

export interface ExternalUpstream {
  readonly kind: 'external'
  /** Part of our callback's path: lower-case letters, digits and hyphens. */
  readonly id: string
  /** What people know it by. */
  readonly name: string
  readonly issuer: string
  /**
   * Where to send the browser. What the attempt holds is asked back in `finish`.
   *
   * @throws Fault upstream_failed when it cannot be reached or says something it must not
   */
  begin(attempt: UpstreamAttempt): Promise<URL>
  /**
   * Who came back.
   *
   * @param callback the address the browser was sent back to, query included
   * @throws Fault sign_in_denied when the person or the upstream said no; upstream_failed
   */
  finish(attempt: UpstreamAttempt, callback: URL): Promise<Identified>
}

/** One trip to an upstream; all of it is fresh and unguessable. */
export interface UpstreamAttempt {
  readonly redirectUri: string
  readonly state: string
  readonly nonce: string
  /** PKCE (RFC 7636), sent whether or not the upstream says that it knows it: one that does not ignores it. */
  readonly verifier: string
  /** Ask for the password even of somebody whom the upstream remembers. */
  readonly afresh: boolean
}
