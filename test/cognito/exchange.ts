import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http'

/** One request as the double's endpoints see it: parsed, with nothing of the socket left in it. */
export interface Call {
  method: string
  url: URL
  headers: IncomingHttpHeaders
  /** The body when it was `application/x-www-form-urlencoded`, else empty. */
  form: URLSearchParams
}

export interface Reply {
  status: number
  headers: Record<string, string | string[]>
  body: string
}

/** A listening origin such as `http://127.0.0.1:41234`. `close` also ends kept-alive connections. */
export interface Origin {
  origin: string
  close: () => Promise<void>
}

const BODY_BYTES_MAX = 64 * 1024

/**
 * Serves `answer` on a free port of 127.0.0.1. An answer that throws becomes a 500, so a defect of
 * the double is seen by the test that met it and does not end the process.
 */
export async function serve(answer: (call: Call) => Promise<Reply>): Promise<Origin> {
  const server = createServer((req, res) => void respond({ req, res, answer }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The double got no port')
  return { origin: `http://127.0.0.1:${address.port}`, close: () => closeServer(server) }
}

export function json(status: number, value: unknown): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json;charset=UTF-8', 'cache-control': 'no-store' },
    body: JSON.stringify(value),
  }
}

export function html(status: number, body: string): Reply {
  return {
    status,
    headers: { 'content-type': 'text/html;charset=UTF-8', 'cache-control': 'no-store' },
    body,
  }
}

export function redirect(location: string, cookies: string[] = []): Reply {
  return {
    status: 302,
    headers: { location, 'set-cookie': cookies, 'cache-control': 'no-store' },
    body: '',
  }
}

/** The value of one cookie of the request, or undefined. */
export function cookieOf(call: Call, name: string): string | undefined {
  const pairs = (call.headers.cookie ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}

async function respond(turn: {
  req: IncomingMessage
  res: ServerResponse
  answer: (call: Call) => Promise<Reply>
}): Promise<void> {
  const reply = await read(turn.req)
    .then(turn.answer)
    .catch((fault: unknown) =>
      json(500, { error: 'double_failed', error_description: String(fault) }),
    )
  turn.res.writeHead(reply.status, reply.headers)
  turn.res.end(reply.body)
}

async function read(req: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of req) {
    const bytes = Buffer.from(chunk)
    sizeBytes += bytes.length
    if (sizeBytes > BODY_BYTES_MAX) throw new Error('The request body is too large for the double')
    chunks.push(bytes)
  }
  const isForm = (req.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')
  return {
    method: req.method ?? 'GET',
    url: new URL(req.url ?? '/', `http://${req.headers.host ?? '127.0.0.1'}`),
    headers: req.headers,
    form: new URLSearchParams(isForm ? Buffer.concat(chunks).toString('utf8') : ''),
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
