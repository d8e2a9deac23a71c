import type { ServerResponse } from 'node:http'
import type { Clock } from '../kernel/clock.ts'

/**
 * What every answer carries, whatever route gives it. A route may only make the content policy of its own page looser by
 * setting its own header afterwards.
 */
export function setSecurityHeaders(
  res: ServerResponse,
  options: { requestId: string; https: boolean },
): void {
  res.setHeader('X-Request-Id', options.requestId)
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.setHeader('Referrer-Policy', 'no-referrer')
  res.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
  res.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
  res.setHeader(
    'Content-Security-Policy',
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  )
  res.setHeader('Cache-Control', 'no-store')
  if (options.https) res.setHeader('Strict-Transport-Security', 'max-age=31536000')
}

/**
 * Values of `Date`, made once a second as Node itself does. By the clock that proofs are judged by: it is how a client whose own
 * clock is wrong learns the time.
 */
export function dateHeaders(now: Clock): () => string {
  let second = Number.NaN
  let text = ''
  return () => {
    const at = Math.floor(now() / 1000)
    if (at !== second) {
      second = at
      text = new Date(at * 1000).toUTCString()
    }
    return text
  }
}

/** The policy of the dashboard's one page. */
export const dashboardPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

/** The headers of other people's files (ruling 25): saved, never shown, and inert if shown all the same. */
export function attachmentHeaders(fileName: string): Record<string, string> {
  const ascii = fileName.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  return {
    // RFC 6266 section 4.3: the plain form for old clients, the encoded one for the real name.
    'Content-Disposition': `attachment; filename="${ascii}"; filename*=UTF-8''${encodeRfc5987(fileName)}`,
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "sandbox; default-src 'none'",
  }
}

function encodeRfc5987(text: string): string {
  return encodeURIComponent(text).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
