import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Fault, faultTable, type FaultCode } from '@norrix/contract/fault'
import { newId } from '@norrix/contract/id'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { unknownOperation } from './clients.ts'
import { connectionsEndWhen } from './draining.ts'
import { toFault } from './faults.ts'
import { dateHeaders, setSecurityHeaders } from './headers.ts'
import type { ListenerFacts, Mounted } from './mounted.ts'
import { requireOwnOrigin } from './origin.ts'
import { notFound } from './refusals.ts'
import { requestIds } from './request-ids.ts'
import { sendFault } from './respond.ts'

export interface ListenerOptions {
  readonly publicUrl: string
  readonly version: string
  readonly log: Log
  readonly now: Clock
  /** A line for each request: 14 µs of CPU time with a write of its own (2 cores of an EPYC); less under load, where lines share one. */
  readonly accessLog: boolean
  /** Asked in turn; the first that says true has answered. */
  readonly handlers: readonly Mounted[]
  /** Aborts when no new connection is wanted: whoever holds one is asked to make its next one elsewhere. */
  readonly draining: AbortSignal
  /** Told of every answer once it is out, or cut. */
  readonly onAnswered: (answer: Answered) => void
}

export interface Answered {
  /** The operation's id; `pages` for sign-in and dashboard, `none` where nothing took the request. */
  readonly operation: string
  readonly status: number
  readonly seconds: number
  readonly fault?: FaultCode
}

/**
 * The outermost layer. Every request gets an id, the security headers and the origin proof here, so that no route can
 * forget them, and every fault becomes an answer here.
 */
export function createListener(
  options: ListenerOptions,
): (req: IncomingMessage, res: ServerResponse) => void {
  const https = options.publicUrl.startsWith('https:')
  const nextId = requestIds(randomBytes)
  const date = dateHeaders(options.now)
  const endsWhenDraining = connectionsEndWhen(options.draining)
  return (req, res) => {
    const requestId = nextId()
    const trace: Trace = { operation: 'none' }
    watchAnswer(options, req, res, { requestId, trace })
    setSecurityHeaders(res, { requestId, https })
    res.setHeader('Date', date())
    endsWhenDraining(res)
    handle(options, req, res, { requestId, trace }).catch((error: unknown) => {
      if (isLeft(error, req, res)) return options.log.debug('request.left', { requestId })
      const fault = toFault(error)
      trace.fault = fault.code
      report(options.log, fault, requestId, req)
      // What is left of a refused upload is not worth reading.
      if (!req.complete && !res.headersSent) res.setHeader('Connection', 'close')
      sendFault(res, fault, requestId)
    })
  }
}

/** Answers while the server is being put together: its port is taken first, and somebody may be waiting for it. */
export function answerNotYet(_req: IncomingMessage, res: ServerResponse): void {
  const requestId = newId('request', randomBytes)
  setSecurityHeaders(res, { requestId, https: false })
  res.setHeader('Connection', 'close')
  const message = 'This server is starting.'
  sendFault(res, new Fault('unavailable', { message, fix: 'try again in a second' }), requestId)
}

interface Trace {
  operation: string
  fault?: FaultCode
}

interface Named {
  readonly requestId: string
  readonly trace: Trace
}

/** Counts the answer and writes it down, once it is out: one line for each request. */
function watchAnswer(
  { log, accessLog, onAnswered }: ListenerOptions,
  req: IncomingMessage,
  res: ServerResponse,
  { requestId, trace }: Named,
): void {
  const started = performance.now()
  // Asked now: a request that is over may have lost its socket.
  const address = req.socket.remoteAddress
  res.once('close', () => {
    const ms = performance.now() - started
    const { statusCode: status } = res
    onAnswered({ ...trace, status, seconds: ms / 1000 })
    // What looks every second whether we live would be most of the log.
    if (!accessLog || quiet.has(trace.operation)) return
    log.info('request.answered', {
      requestId,
      ...trace,
      method: req.method,
      path: pathOf(req),
      status,
      ms: Math.round(ms * 10) / 10,
      address,
      proxyRequestId: proxyRequestId(req),
      ...(res.writableFinished ? {} : { cut: true }),
    })
  })
}

const quiet: ReadonlySet<string> = new Set(['service.health', 'service.ready'])

/** A proxy's own name for the request, where it sends one: ours is never taken from outside. */
function proxyRequestId({ headers }: IncomingMessage): string | undefined {
  const given = headers['x-request-id']
  return typeof given === 'string' && /^[\w-]{1,100}$/.test(given) ? given : undefined
}

/** Without the query, and without what opens something: the token-like part of an address of sign-in. */
function pathOf({ url }: IncomingMessage): string {
  return (
    (url ?? '')
      .split('?')[0]
      ?.replaceAll(/[\w-]{20,}/g, '…')
      .slice(0, 300) ?? ''
  )
}

async function handle(
  options: ListenerOptions,
  req: IncomingMessage,
  res: ServerResponse,
  { requestId, trace }: Named,
): Promise<void> {
  const facts = readFacts(req, { requestId, trace }, options.publicUrl)
  refuseKeyInUrl(facts.url)
  requireOwnOrigin(req, options.publicUrl)
  for (const answered of options.handlers) {
    if (!(await answered(req, res, facts))) continue
    if (trace.operation === 'none') trace.operation = 'pages'
    return
  }
  throw facts.url.pathname.startsWith('/api/') ? unknownOperation(options.version) : notFound()
}

/** @throws Fault bad_request when the request's target is no path */
function readFacts(
  req: IncomingMessage,
  { requestId, trace }: Named,
  publicUrl: string,
): ListenerFacts {
  const target = req.url ?? '/'
  // Joined, not resolved: `//evil` stays a path of ours.
  const url = target.startsWith('/') ? URL.parse(publicUrl + target) : null
  if (!url) {
    throw new Fault('bad_request', { message: 'The request target is not a path.' })
  }
  return {
    requestId,
    trace,
    address: req.socket.remoteAddress ?? 'unknown',
    agent: (req.headers['user-agent'] ?? '').replace(/[^\x20-\x7e]/g, '').slice(0, 200),
    url,
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
  // Not `code`: fields of that name are taken out of every line, since authorization codes come under it.
  const fields = { requestId, fault: fault.code, status, method: req.method, path: pathOf(req) }
  if (status >= 500) log.error('request.failed', { ...fields, cause: fault.cause ?? fault })
  else log.debug('request.refused', fields)
}
