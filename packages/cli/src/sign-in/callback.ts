import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Fault } from '@norrix/contract/fault'

/**
 * The listener that the browser comes back to (RFC 8252 section 7.3): on one port of both loopback addresses. Any page and
 * any program of this machine can reach it, so it acts on nothing but `GET /callback` with our Host and our state, for a
 * success and for an error alike; everything else is answered and forgotten (threats T1, T2, T7 to T11).
 */

export interface CallbackListener {
  /** What the server is told to come back to: always the literal IPv4 address. */
  readonly redirectUri: string
  /** The first request that carries our state. Never rejects: stop waiting by closing. */
  readonly arrival: Promise<Arrival>
  /** Ends the listener with all its connections. */
  close(): Promise<void>
}

export interface Arrival {
  /** The whole address that the browser asked for, with code or error in it. */
  readonly url: URL
  /** Sends the browser on, out of the address that holds the code. */
  answer(next: { readonly redirect: string } | { readonly text: string }): Promise<void>
}

const path = '/callback'
/** As many tries to find a port that is free on both addresses. */
const triesMax = 10

/**
 * @param options.state what this attempt's request carries
 * @param options.port a fixed port, for tunnels; by default a free one
 * @throws Fault port_taken
 */
export async function listenForCallback(options: {
  readonly state: string
  readonly port?: number
}): Promise<CallbackListener> {
  let settle: (arrival: Arrival) => void = () => {}
  const arrival = new Promise<Arrival>((resolve) => (settle = resolve))
  const door = { state: options.state, isUsed: false, settle }
  const servers = await bindBoth(options.port, (port) => (req, res) => {
    answerRequest(req, res, door, port)
  })
  const { port } = addressOf(servers[0])
  return {
    redirectUri: `http://127.0.0.1:${port}${path}`,
    arrival,
    async close() {
      await Promise.all(servers.map(closeServer))
    },
  }
}

interface Door {
  readonly state: string
  isUsed: boolean
  readonly settle: (arrival: Arrival) => void
}

type Handler = (req: IncomingMessage, res: ServerResponse) => void

function answerRequest(req: IncomingMessage, res: ServerResponse, door: Door, port: number): void {
  for (const [name, value] of Object.entries(quietHeaders)) res.setHeader(name, value)
  const hosts = [`127.0.0.1:${port}`, `[::1]:${port}`]
  // A page of a name that was pointed at this address afterwards (DNS rebinding) still sends its own name.
  if (!hosts.includes(req.headers.host ?? '')) return refuse(res, 421)
  const target = req.url ?? ''
  if (!target.startsWith('/') || !URL.canParse(target, `http://127.0.0.1:${port}`))
    return refuse(res, 404)
  const url = new URL(target, `http://127.0.0.1:${port}`)
  if (req.method !== 'GET' || url.pathname !== path || !carriesState(url, door.state))
    return refuse(res, 404)
  if (door.isUsed) return refuse(res, 410)
  door.isUsed = true
  door.settle({ url, answer: (next) => finish(res, next) })
}

const quietHeaders: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  Connection: 'close',
}

/** One state, ours, and either one code or one error with it: nothing to choose from. */
export function carriesState(url: URL, expected: string): boolean {
  const states = url.searchParams.getAll('state')
  const codes = url.searchParams.getAll('code')
  const errors = url.searchParams.getAll('error')
  const [state = ''] = states
  const given = Buffer.from(state)
  const wanted = Buffer.from(expected)
  const isOurs = given.length === wanted.length && timingSafeEqual(given, wanted)
  return states.length === 1 && isOurs && codes.length + errors.length === 1
}

function refuse(res: ServerResponse, status: number): void {
  res.writeHead(status).end()
}

function finish(
  res: ServerResponse,
  next: { readonly redirect: string } | { readonly text: string },
): Promise<void> {
  return new Promise((resolve) => {
    // The browser may be gone by now; that changes nothing.
    res.on('close', resolve)
    if (res.destroyed) return resolve()
    if ('redirect' in next) res.writeHead(302, { Location: next.redirect }).end()
    else res.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end(next.text)
  })
}

/** Binds IPv4 first, then the same port of IPv6: a browser may try either for the name in front of it. */
async function bindBoth(
  fixedPort: number | undefined,
  handlerFor: (port: number) => Handler,
): Promise<[Server, ...Server[]]> {
  for (let tries = 1; ; tries++) {
    const first = createServer({ maxHeaderSize: 16_384 })
    try {
      await listen(first, '127.0.0.1', fixedPort ?? 0)
    } catch (cause) {
      throw taken(fixedPort, cause)
    }
    const { port } = addressOf(first)
    const second = createServer({ maxHeaderSize: 16_384 })
    first.on('request', handlerFor(port))
    second.on('request', handlerFor(port))
    try {
      await listen(second, '::1', port)
      return [first, second]
    } catch (cause) {
      // No IPv6 on this machine: IPv4 alone is what there is.
      if (!isCode(cause, 'EADDRINUSE')) return [first]
      await closeServer(first)
      if (fixedPort !== undefined || tries >= triesMax) throw taken(port, cause)
    }
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

function addressOf(server: Server): AddressInfo {
  // Listening on an IP address, never on a pipe.
  return server.address() as AddressInfo
}

function taken(port: number | undefined, cause: unknown): Fault {
  return new Fault('port_taken', {
    message:
      port === undefined
        ? 'No port of 127.0.0.1 could be opened for the browser to come back to.'
        : `Port ${port} of this machine is in use or reserved; the browser could not come back to it.`,
    fix: 'leave --callback-port out, or give a free port',
    cause,
  })
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
