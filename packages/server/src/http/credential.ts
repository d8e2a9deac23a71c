import { Fault } from '@norrix/contract/fault'
import type { Credential } from './principal.ts'

/** Names of the credential headers a request may carry. */
interface CredentialHeaders {
  readonly authorization: string | undefined
  readonly cookie: string | undefined
}

/**
 * Which credential a request carries. A bearer header wins over a cookie, so that a command line on a machine with a
 * signed-in browser is never taken for the browser.
 *
 * @param cookieName the session cookie of this environment
 * @throws Fault unauthenticated when the header is of a scheme that the server does not know
 */
export function readCredential(headers: CredentialHeaders, cookieName: string): Credential {
  const { authorization } = headers
  if (authorization !== undefined) {
    const token = /^Bearer ([\x21-\x7e]{1,400})$/i.exec(authorization)?.[1]
    if (token === undefined) {
      throw new Fault('unauthenticated', {
        message: 'The Authorization header has to be "Bearer", a space and one credential.',
        fix: 'send `Authorization: Bearer nrx_…`',
      })
    }
    return bearerCredential(token)
  }
  const value = readCookie(headers.cookie, cookieName)
  return value === undefined ? { kind: 'none' } : { kind: 'cookie', value }
}

function bearerCredential(token: string): Credential {
  if (token.startsWith('nrx_')) return { kind: 'api-key', key: token }
  if (token.startsWith('nrr_')) return { kind: 'runner-token', token }
  if (token.startsWith('nrl_')) return { kind: 'lease-token', token }
  return { kind: 'access-token', token }
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
