import { once } from 'node:events'
import { Agent, request, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import type { Asked } from '@norrix/contract/client'

/** Requests as they stand on the wire. `fetch` would mend or refuse much of what the sweep has to send. */

export interface Ask {
  readonly method: string
  /** Path and query, sent as they are. */
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** Makes the header `DPoP` for the request as it is sent. */
  readonly proof?: (asked: Asked) => Promise<string>
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** How long an answer may take before the sweep calls it missing. */
const patienceMs = 5000

/**
 * Sends requests to one server, one after the other over one connection that is kept open, so that an answer which spoils
 * the connection spoils the next request too.
 */
export function wireTo(url: string): { send(ask: Ask): Promise<Answer>; close(): void } {
  const { hostname, port } = new URL(url)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const send = async ({ method, target, headers, body, proof }: Ask): Promise<Answer> => {
    const proven = proof ? { dpop: await proof({ method, url: url + target }) } : {}
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
      const options = { agent, hostname, port, method, path: target }
      const req = request({ ...options, headers: { ...headers, ...proven, ...length } }, (res) => {
        const chunks: Buffer[] = []
        res.on('data', (chunk: Buffer) => chunks.push(chunk))
        res.on('error', reject)
        res.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          resolve({ status: res.statusCode ?? 0, headers: res.headers, text })
        })
      })
      req.setTimeout(patienceMs, () =>
        req.destroy(new Error(`no answer to ${method} ${target} within ${patienceMs} ms`)),
      )
      req.on('error', reject)
      req.end(body)
    })
  }
  return { send, close: () => agent.destroy() }
}

/**
 * Sends two requests without bodies at once over one connection (RFC 9112 section 9.3.2), where the second is answered only
 * when the first is done with.
 *
 * @returns the status of each answer that came
 */
export async function pipeline(url: string, asks: readonly [Ask, Ask]): Promise<number[]> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
  const statuses = (): number[] =>
    [...text.matchAll(/^HTTP\/1\.1 (\d+) /gm)].map(([, status]) => Number(status))
  for (const { method, target, headers = {} } of asks) {
    const lines = Object.entries({ host: 'localhost', ...headers }).map(
      ([k, v]) => `${k}: ${v}\r\n`,
    )
    socket.write(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`)
  }
  const late = AbortSignal.timeout(patienceMs)
  try {
    while (statuses().length < asks.length) await once(socket, 'data', { signal: late })
  } catch (error) {
    if (!late.aborted) throw error
  } finally {
    socket.destroy()
  }
  return statuses()
}
