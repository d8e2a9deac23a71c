import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * What one sign-in of a browser is recognised by. All of it comes from one secret that only the browser's cookie holds, so
 * that nothing has to be kept which could complete the sign-in elsewhere.
 */
export interface BrowserAttempt {
  /** Names the attempt's cookie; public. */
  readonly tag: string
  /** Begins with the tag: the answer finds its cookie by it. */
  readonly state: string
  readonly nonce: string
  /** PKCE code verifier (RFC 7636 section 4.1). */
  readonly verifier: string
}

const tagLength = 11

export function attemptFrom(secret: string): BrowserAttempt {
  const tag = derive(secret, 'tag').slice(0, tagLength)
  return {
    tag,
    state: `${tag}${derive(secret, 'state')}`,
    nonce: derive(secret, 'nonce'),
    verifier: derive(secret, 'verifier'),
  }
}

/** The tag of a `state` that came back; undefined when it cannot be one of ours. */
export function tagOf(state: string | null): string | undefined {
  return /^[\w-]{54}$/.test(state ?? '') ? state?.slice(0, tagLength) : undefined
}

export function isTag(text: string): boolean {
  return /^[\w-]{11}$/.test(text)
}

/** Compares in constant time. */
export function isSameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function derive(secret: string, what: string): string {
  return createHmac('sha256', secret).update(what).digest('base64url')
}
