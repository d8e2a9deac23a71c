import { Fault } from '@norrix/contract/fault'
import type { Credential } from './principal.ts'

/** What proofs of a token's key may be signed with: both are quick to check and leave nothing to choose. */
export const proofAlgorithms = ['ES256', 'Ed25519'] as const

/** Of a request, what credentials are read from, and what they may be tied to. */
interface Carrier {
  readonly authorization: string | undefined
  readonly cookie: string | undefined
  /** The proof of a token's key; several of them come as one text that is none (RFC 9449 section 4.3, check 1). */
  readonly dpop: string | undefined
  readonly method: string
  readonly url: URL
}

/**
 * Which credential a request carries. The header wins over a cookie, so that a command line on a machine with a signed-in
 * browser is never taken for the browser.
 *
 * @param cookieName the session cookie of this environment
 * @throws Fault unauthenticated when the header is of a scheme that the server does not know
 * @throws Fault proof_invalid for a token that comes as bearer: sessions have none that work without their key
 */
export function readCredential(carrier: Carrier, cookieName: string): Credential {
  const { authorization, cookie, dpop, method, url } = carrier
  if (authorization !== undefined) {
    const [, scheme = '', token = ''] =
      /^(Bearer|DPoP) ([\x21-\x7e]{1,400})$/i.exec(authorization) ?? []
    if (scheme === '') {
      throw new Fault('unauthenticated', {
        message:
          'The Authorization header has to be "Bearer" or "DPoP", a space and one credential.',
        fix: 'send `Authorization: Bearer nrx_…`',
      })
    }
    if (scheme.toLowerCase() === 'bearer') return bearerCredential(token)
    return { kind: 'access-token', token, proof: dpop, method, url }
  }
  const value = readCookie(cookie, cookieName)
  return value === undefined ? { kind: 'none' } : { kind: 'cookie', value }
}

function bearerCredential(token: string): Credential {
  if (token.startsWith('nrx_')) return { kind: 'api-key', key: token }
  if (token.startsWith('nrr_')) return { kind: 'runner-token', token }
  if (token.startsWith('nrl_')) return { kind: 'lease-token', token }
  throw new Fault('proof_invalid', {
    message:
      'This bearer credential is no API key, and the token of a session counts only with a proof of its key.',
    fix: 'check the key; a session sends `Authorization: DPoP …` with the header `DPoP` (RFC 9449)',
  })
}

/** One cookie's value; undefined when it is absent or comes twice (a second one was tossed in by somebody). */
export function readCookie(header: string | undefined, name: string): string | undefined {
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  return values.length === 1 ? values[0] : undefined
}
