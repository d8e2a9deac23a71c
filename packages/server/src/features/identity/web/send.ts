import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Html } from './html.ts'
import { icon } from '../pages/icon.ts'
import { style } from '../pages/style.ts'

/** What the pages load, under names that change with it. */
export const assets = { style: asset(style, 'css'), icon: asset(icon, 'svg') } as const

export interface Asset {
  readonly path: string
  readonly type: string
  readonly bytes: Buffer
}

function asset(text: string, extension: 'css' | 'svg'): Asset {
  const name = createHash('sha256').update(text).digest('hex').slice(0, 12)
  return {
    path: `/identity/${name}.${extension}`,
    type: extension === 'css' ? 'text/css; charset=utf-8' : 'image/svg+xml',
    bytes: Buffer.from(text),
  }
}

/**
 * Where a page's forms may lead in the end. Browsers hold `form-action` against every redirect that follows, so a page
 * whose form ends at the command line's listener has to name it (ruling 26).
 */
export type FormsLeadTo = 'ourselves' | 'command-line'

/** Sends a page of ours: no script, no frame, nothing of another origin, kept nowhere (T20, T88). */
export function sendPage(
  res: ServerResponse,
  page: { readonly status: number; readonly body: Html; readonly formsLeadTo?: FormsLeadTo },
): void {
  setPageHeaders(res, page.formsLeadTo ?? 'ourselves')
  const bytes = Buffer.from(page.body.markup)
  res.writeHead(page.status, { 'Content-Length': bytes.length })
  res.end(bytes)
}

export function setPageHeaders(
  res: { setHeader(name: string, value: string): unknown },
  formsLeadTo: FormsLeadTo,
): void {
  const formAction = formsLeadTo === 'command-line' ? "'self' http://127.0.0.1:*" : "'self'"
  res.setHeader('Content-Type', 'text/html; charset=utf-8')
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('X-Content-Type-Options', 'nosniff')
  // Not `no-referrer`: under it browsers send `Origin: null` with our own forms (Fetch section 3.2.5), and the origin
  // proof of ruling 21 would refuse them. No other origin gets a referrer from this either.
  res.setHeader('Referrer-Policy', 'same-origin')
  res.setHeader(
    'Content-Security-Policy',
    `default-src 'none'; style-src 'self'; img-src 'self'; form-action ${formAction}; base-uri 'none'; frame-ancestors 'none'`,
  )
}

/** See Other: whatever was posted, the browser goes on with a GET. */
export function redirect(res: ServerResponse, location: string): void {
  res.setHeader('Cache-Control', 'no-store')
  res.writeHead(303, { Location: location, 'Content-Length': 0 })
  res.end()
}

export function sendAsset(res: ServerResponse, { type, bytes }: Asset): void {
  res.writeHead(200, {
    'Content-Type': type,
    'Content-Length': bytes.length,
    'Cache-Control': 'public, max-age=31536000, immutable',
  })
  res.end(bytes)
}
