import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { dashboardPolicy } from './headers.ts'
import type { Mounted } from './mounted.ts'

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/**
 * Serves the built dashboard: hashed files under `/assets/` for ever, and its one page for every other address that a
 * browser opens, since the page does its own routing.
 */
export function serveDashboard(folder: string): Mounted {
  return async (req, res, { url }) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return false
    const asset = /^\/assets\/([\w.-]+)$/.exec(url.pathname)?.[1]
    if (asset !== undefined) return serveAsset(req, res, join(folder, 'assets', asset))
    if (url.pathname === '/favicon.svg') return serveAsset(req, res, join(folder, 'favicon.svg'))
    if (url.pathname.startsWith('/api/') || !req.headers.accept?.includes('text/html')) return false
    return servePage(res, join(folder, 'index.html'))
  }
}

/** The build put a gzipped copy beside each file: a third of the bytes, at no cost for each request. */
async function serveAsset(
  req: IncomingMessage,
  res: ServerResponse,
  file: string,
): Promise<boolean> {
  const takesGzip = /\bgzip\b/.test(String(req.headers['accept-encoding'] ?? ''))
  const packed = takesGzip ? await sizeOf(`${file}.gz`) : undefined
  const size = packed ?? (await sizeOf(file))
  if (size === undefined) return false
  res.writeHead(200, {
    'Content-Type': types[extname(file)] ?? 'application/octet-stream',
    'Content-Length': size,
    'Cache-Control': 'public, max-age=31536000, immutable',
    Vary: 'Accept-Encoding',
    ...(packed !== undefined && { 'Content-Encoding': 'gzip' }),
  })
  await pipeline(createReadStream(packed === undefined ? file : `${file}.gz`), res)
  return true
}

async function sizeOf(file: string): Promise<number | undefined> {
  const found = await stat(file).catch(() => undefined)
  return found?.isFile() ? found.size : undefined
}

async function servePage(res: ServerResponse, file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined)
  if (!found) return false
  res.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': found.size,
    'Content-Security-Policy': dashboardPolicy,
    // Without a referrer Chromium sends `Origin: null` with the form that signs out, and the origin proof would fail.
    'Referrer-Policy': 'same-origin',
  })
  await pipeline(createReadStream(file), res)
  return true
}
