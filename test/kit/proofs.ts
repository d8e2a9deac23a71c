import { createHash, randomUUID } from 'node:crypto'
import { importJWK, SignJWT, type JWK } from 'jose'
import { createClient, type Asked, type Client } from '@norrix/contract/client'

/** A session's access token with the private key that it is bound to, as whoever holds both has them. */
export interface Bound {
  readonly token: string
  /** An ES256 key. */
  readonly key: JWK
}

/** What differs from an honest proof. */
export interface Twist {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  /** Signs with this one, and shows the other. */
  readonly signer?: JWK
}

/** The headers that a request with a bound token carries (RFC 9449 section 7.1). Made by jose, not by our command line. */
export async function boundHeaders(
  { token, key }: Bound,
  asked: Asked,
  twist: Twist = {},
): Promise<{ authorization: string; dpop: string }> {
  const ath = createHash('sha256').update(token).digest('base64url')
  const dpop = await proof(key, asked, { ...twist, claims: { ath, ...twist.claims } })
  return { authorization: `DPoP ${token}`, dpop }
}

/** A client of whoever holds a token and its key. */
export function boundClient(baseUrl: string, bound: Bound): Client {
  return createClient({ baseUrl, headers: (asked) => boundHeaders(bound, asked) })
}

/** `fetch` with a bound token and a fresh proof. */
export async function fetchBound(
  bound: Bound,
  url: string,
  init: RequestInit & { readonly method?: string } = {},
): Promise<Response> {
  const headers = await boundHeaders(bound, { method: init.method ?? 'GET', url })
  return fetch(url, { ...init, headers: { ...headers, ...asRecord(init.headers) } })
}

/** A proof for one request (RFC 9449 section 4.2). Without a token: for the token endpoint. */
export async function proof(
  key: JWK,
  { method, url }: Asked,
  { header, claims, signer = key }: Twist = {},
): Promise<string> {
  const { d: _, ...jwk } = key
  const { origin, pathname } = new URL(url)
  const given = {
    jti: randomUUID(),
    htm: method,
    htu: origin + pathname,
    iat: Math.floor(Date.now() / 1000),
    ...claims,
  }
  return new SignJWT(given)
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
    .sign(await importJWK(signer, 'ES256'))
}

function asRecord(headers: RequestInit['headers']): Record<string, string> {
  return Object.fromEntries(new Headers(headers))
}
