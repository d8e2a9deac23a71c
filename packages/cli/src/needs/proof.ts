import type { Answer, Asked } from '@norrix/contract/client'

/** The private key that a session's tokens are bound to: a P-256 key as JWK (RFC 7518 section 6.2). */
export interface ProofKey {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
  readonly d: string
}

/** A token that counts only together with proofs of its key. */
export interface BoundToken {
  readonly accessToken: string
  readonly key: ProofKey
  /** How far the server's clock was ahead of this machine's when it last said; milliseconds. Proofs carry the server's time. */
  readonly clockAheadMs: number
}

/** Reads a key; undefined for anything else. */
export function readProofKey(value: unknown): ProofKey | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const text = (name: string): string | undefined => {
    const part: unknown = Reflect.get(value, name)
    return typeof part === 'string' && /^[\w-]{43}$/.test(part) ? part : undefined
  }
  const [x, y, d] = [text('x'), text('y'), text('d')]
  if (Reflect.get(value, 'kty') !== 'EC' || Reflect.get(value, 'crv') !== 'P-256') return undefined
  if (x === undefined || y === undefined || d === undefined) return undefined
  return { kty: 'EC', crv: 'P-256', x, y, d }
}

/** What a request with a bound token carries (RFC 9449 section 7.1). @param now by this machine's clock */
export function boundHeaders(
  asked: Asked,
  bound: BoundToken,
  now: Date,
): { readonly Authorization: string; readonly DPoP: string } {
  const { createHash } = process.getBuiltinModule('node:crypto')
  const ath = createHash('sha256').update(bound.accessToken).digest('base64url')
  return {
    Authorization: `DPoP ${bound.accessToken}`,
    DPoP: proofFor(asked, bound, now, { ath }),
  }
}

/**
 * A proof for one request (RFC 9449 section 4.2). Made with Node's own crypto: this is on the way of every command, and
 * `openid-client` takes as long to load as Node to start.
 */
export function proofFor(
  { method, url }: Asked,
  { key, clockAheadMs }: Pick<BoundToken, 'key' | 'clockAheadMs'>,
  now: Date,
  claims: { readonly ath?: string } = {},
): string {
  const { createPrivateKey, sign } = process.getBuiltinModule('node:crypto')
  const { d: _, ...jwk } = key
  const { origin, pathname } = new URL(url)
  const parts = [
    { alg: 'ES256', typ: 'dpop+jwt', jwk },
    {
      jti: crypto.randomUUID(),
      htm: method,
      htu: origin + pathname,
      iat: Math.floor((now.getTime() + clockAheadMs) / 1000),
      ...claims,
    },
  ]
  const text = parts
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const signature = sign('sha256', Buffer.from(text), {
    key: createPrivateKey({ key: { ...key }, format: 'jwk' }),
    dsaEncoding: 'ieee-p1363',
  })
  return `${text}.${signature.toString('base64url')}`
}

/** Two clocks that agree so far are one: `Date` has whole seconds, and an answer takes its time. */
const sameClockMs = 2000

/**
 * How far the server's clock is ahead of this machine's, as an answer says; undefined where it does not.
 *
 * @param now by this machine's clock, as the answer came
 */
export function clockAheadOf(
  { headers }: { readonly headers: Pick<Answer['headers'], 'get'> },
  now: Date,
): number | undefined {
  const theirs = Date.parse(headers.get('Date') ?? '')
  if (Number.isNaN(theirs)) return undefined
  // It was some time within that second.
  const aheadMs = theirs + 500 - now.getTime()
  return Math.abs(aheadMs) < sameClockMs ? 0 : aheadMs
}
