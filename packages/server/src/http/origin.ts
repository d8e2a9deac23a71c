import type { IncomingMessage } from 'node:http'
import { Fault } from '@norrix/contract/fault'

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * The origin proof of ruling 21: an unsafe request that a page sent must come from a page of ours. SameSite does not do it,
 * since cookies ignore ports: a page on another localhost port posts with them.
 *
 * Cookies, `Origin` and `Sec-Fetch-Site` each say that a browser sent it. Without cookies a foreign page has nothing to
 * borrow, but it could still sign a visitor in as somebody else. A program sends none of the three.
 *
 * @param origin our own origin, scheme and port included
 * @throws Fault origin_refused
 */
export function requireOwnOrigin(req: IncomingMessage, origin: string): void {
  if (safeMethods.has(req.method ?? '')) return
  const marks = [req.headers.cookie, req.headers.origin, req.headers['sec-fetch-site']]
  if (marks.every((mark) => mark === undefined)) return
  // Fetch metadata is only sent to secure contexts; every origin we serve is one unless the operator insisted otherwise.
  const fetchSite = req.headers['sec-fetch-site']
  const sameSite =
    fetchSite === 'same-origin' || (fetchSite === undefined && !isSecureContext(origin))
  if (req.headers.origin === origin && sameSite) return
  throw new Fault('origin_refused', {
    message: 'This request comes from a page of another origin, so it was not carried out.',
    fix: `open ${origin} itself and try again there`,
  })
}

function isSecureContext(origin: string): boolean {
  const { protocol, hostname } = new URL(origin)
  return (
    protocol === 'https:' ||
    hostname === 'localhost' ||
    hostname === '127.0.0.1' ||
    hostname === '[::1]'
  )
}
