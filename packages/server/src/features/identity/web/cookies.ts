import type { IncomingMessage, ServerResponse } from 'node:http'
import { readCookie } from '../../../http/credential.ts'

/** Names and flags of this environment's cookies (ruling 21): cookies ignore ports, so every name carries the kind. */
export interface CookieNames {
  readonly https: boolean
  /**
   * The full name of a cookie for the whole origin. On https the browser itself then refuses one that was set for a
   * parent domain or over http (RFC 6265bis section 4.1.3.2).
   */
  forOrigin(name: string): string
  /** Of a cookie for one path only, which `__Host-` does not allow. */
  forPath(name: string): string
}

export function cookieNames(config: { kind: string; publicUrl: string }): CookieNames {
  const https = config.publicUrl.startsWith('https:')
  return {
    https,
    forOrigin: (name) => `${https ? '__Host-' : ''}norrix_${config.kind}_${name}`,
    forPath: (name) => `${https ? '__Secure-' : ''}norrix_${config.kind}_${name}`,
  }
}

/** Sets a cookie for the whole origin, out of reach of scripts. `maxAgeSeconds` 0 removes it. */
export function setCookie(
  res: ServerResponse,
  cookie: {
    readonly name: string
    readonly value: string
    readonly maxAgeSeconds: number
    readonly https: boolean
  },
): void {
  const { name, value, maxAgeSeconds, https } = cookie
  const secure = https ? '; Secure' : ''
  const line = `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`
  const before = res.getHeader('Set-Cookie')
  const lines = Array.isArray(before) ? before : before === undefined ? [] : [String(before)]
  res.setHeader('Set-Cookie', [...lines, line])
}

export function cookieOf(req: IncomingMessage, name: string): string | undefined {
  return readCookie(req.headers.cookie, name)
}
