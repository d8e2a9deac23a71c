import type { IncomingMessage, RequestOptions } from 'node:http'
import { Readable } from 'node:stream'
import type { Answer } from '@norrix/contract/client'

/** As long as fetch gives a connection, and then a silence. */
const connectMs = 10_000
const silenceMs = 300_000

/**
 * What the command line asks servers with: fetch as far as the client of the contract knows it, over `node:http`. The first
 * use of Node's own fetch costs three times the start of Node, `node:http` half of one (CPU of `node -e 0`, Node 24).
 * Redirects are not followed.
 */
export function ask(url: string | URL, init: RequestInit): Promise<Answer> {
  const { protocol } = new URL(url)
  // Not import(): that reads every name a module exports, and one name of `node:http` loads all of fetch.
  const { request } = process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http')
  const body = bodyOf(init.body)
  const options: RequestOptions = {
    method: init.method ?? 'GET',
    headers: { ...typeOf(init.body), ...(init.headers as Record<string, string> | undefined) }, // callers here give objects
    ...(init.signal && { signal: init.signal }),
  }
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (answer) => resolve(answerOf(answer)))
    sent.on('error', reject)
    sent.on('socket', (socket) => {
      if (!socket.connecting) return
      const late = setTimeout(() => sent.destroy(tooLate()), connectMs)
      socket.once('connect', () => clearTimeout(late)).once('close', () => clearTimeout(late))
    })
    sent.setTimeout(silenceMs, () => sent.destroy(tooLate()))
    if (typeof body === 'string' || body === undefined) sent.end(body)
    // An answer that comes early, such as "too large", counts; what cannot be sent any more does not.
    else body.on('error', (error) => sent.destroy(error)).pipe(sent)
  })
}

function answerOf(answer: IncomingMessage): Answer {
  const status = answer.statusCode ?? 0
  // Nobody reads what is empty, and what is not read holds the connection.
  if (status === 204) answer.resume()
  const text = async (): Promise<string> => {
    const chunks: Buffer[] = []
    for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk)
    return Buffer.concat(chunks).toString('utf8')
  }
  let stream: ReadableStream<Uint8Array> | undefined
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: {
      get(name) {
        const value = answer.headers[name.toLowerCase()]
        return Array.isArray(value) ? value.join(', ') : (value ?? null)
      },
    },
    // Web streams are made for those who read them: most answers are read as text.
    get body() {
      // Node's own web stream type and the global one are the same thing under two names.
      return (stream ??= Readable.toWeb(answer) as ReadableStream<Uint8Array>)
    },
    text,
    json: async (): Promise<unknown> => JSON.parse(await text()),
  }
}

function bodyOf(body: RequestInit['body']): string | Readable | undefined {
  if (body === null || body === undefined) return undefined
  if (typeof body === 'string' || body instanceof URLSearchParams) return String(body)
  const stream = body instanceof Blob ? body.stream() : body
  if (stream instanceof ReadableStream)
    // Node's own web stream type and the global one are the same thing under two names.
    return Readable.fromWeb(stream as Parameters<typeof Readable.fromWeb>[0])
  throw new Error('A body is a text, a form, a blob or a stream.')
}

function typeOf(body: RequestInit['body']): Record<string, string> {
  return body instanceof URLSearchParams
    ? { 'Content-Type': 'application/x-www-form-urlencoded;charset=UTF-8' }
    : {}
}

function tooLate(): Error {
  return Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })
}
