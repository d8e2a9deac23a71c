import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Fault, faultTable } from '@norrix/contract/fault'
import { newId } from '@norrix/contract/id'
import type { Log } from '../kernel/log.ts'
import { unknownOperation } from './clients.ts'
import { toFault } from './faults.ts'
import { setSecurityHeaders } from './headers.ts'
import type { ListenerFacts, Mounted } from './mounted.ts'
import { requireOwnOrigin } from './origin.ts'
import { notFound } from './refusals.ts'
import { sendFault } from './respond.ts'

export interface ListenerOptions {
  readonly publicUrl: string
  readonly version: string
  readonly log: Log
  /** Asked in turn; the first that says true has answered. */
  readonly handlers: readonly Mounted[]
}

/**
 * The outermost layer. Every request gets an id, the security headers and the origin proof here, so that no route can
 * forget them, and every fault becomes an answer here.
 */
export function createListener(
  options: ListenerOptions,
): (req: IncomingMessage, res: ServerResponse) => void {
  const https = options.publicUrl.startsWith('https:')
  return (req, res) => {
    const requestId = newId('request', randomBytes)
    setSecurityHeaders(res, { requestId, https })
    handle(options, req, res, requestId).catch((error: unknown) => {
      if (isLeft(error, req, res)) return options.log.debug('request.left', { requestId })
      const fault = toFault(error)
      report(options.log, fault, requestId, req)
      // What is left of a refused upload is not worth reading.
      if (!req.complete && !res.headersSent) res.setHeader('Connection', 'close')
      sendFault(res, fault, requestId)
    })
  }
}

async function handle(
  options: ListenerOptions,
  req: IncomingMessage,
  res: ServerResponse,
  requestId: string,
): Promise<void> {
  const facts = readFacts(req, requestId, options.publicUrl)
  refuseKeyInUrl(facts.url)
  requireOwnOrigin(req, options.publicUrl)
  for (const answered of options.handlers) {
    if (await answered(req, res, facts)) return
  }
  throw facts.url.pathname.startsWith('/api/') ? unknownOperation(options.version) : notFound()
}

/** @throws Fault bad_request when the request's target is no path */
function readFacts(req: IncomingMessage, requestId: string, publicUrl: string): ListenerFacts {
  const target = req.url ?? '/'
  if (!target.startsWith('/') || !URL.canParse(target, publicUrl)) {
    throw new Fault('bad_request', { message: 'The request target is not a path.' })
  }
  return {
    requestId,
    address: req.socket.remoteAddress ?? 'unknown',
    agent: (req.headers['user-agent'] ?? '').replace(/[^\x20-\x7e]/g, '').slice(0, 200),
    // Joined, not resolved: `//evil` stays a path of ours.
    url: new URL(publicUrl + target),
  }
}

/** A key in an address is in every log on the way: it is refused and called leaked (T49). */
function refuseKeyInUrl(url: URL): void {
  if (!/nr[xrl]_[A-Za-z0-9]{8,}/.test(url.search)) return
  throw new Fault('key_in_url', {
    message: 'A key was put into the address, where logs keep it. Treat it as leaked.',
    fix: 'revoke that key, and send keys as `Authorization: Bearer …` only',
  })
}

/**
 * Whoever asked is gone: a closed tab, a download that was stopped, an upload that broke off. No fault of the server. Node
 * destroys a request whose connection ends before its body does, and names it ECONNRESET.
 */
function isLeft(error: unknown, req: IncomingMessage, res: ServerResponse): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  if (error === req.errored) return error.code === 'ECONNRESET'
  return res.destroyed && leftCodes.has(error.code)
}

/** A stream that its reader closed, in the middle or before it began. */
const leftCodes: ReadonlySet<unknown> = new Set([
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_UNABLE_TO_PIPE',
])

function report(log: Log, fault: Fault, requestId: string, req: IncomingMessage): void {
  const { status } = faultTable[fault.code]
  const path = (req.url ?? '').split('?')[0]
  // Not `code`: fields of that name are taken out of every line, since authorization codes come under it.
  const fields = { requestId, fault: fault.code, status, method: req.method, path }
  if (status >= 500) log.error('request.failed', { ...fields, cause: fault.cause ?? fault })
  else log.debug('request.refused', fields)
}
