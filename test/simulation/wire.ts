import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable, Writable } from 'node:stream'

/** A request as its bytes arrive. */
export interface SentRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface SentAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** One request at a server, without a socket. */
export interface Exchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** Called once, by whichever comes first: a whole answer, or undefined for a connection that was cut. */
  leave(): void
}

/** Bytes as a body that is sent. */
export function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes)
      controller.close()
    },
  })
}

/**
 * Makes what `node:http` hands to a listener.
 *
 * @param arrived how many bytes of the body come before the connection breaks; undefined: all, and it holds
 * @param done takes the answer, undefined when the server cut the connection
 */
export function exchange(
  sent: SentRequest,
  arrived: number | undefined,
  done: (answer: SentAnswer | undefined) => void,
): Exchange {
  const req = new WireRequest(sent, arrived)
  const res = new WireResponse(req, done)
  // A connection that ends, ends for both.
  req.on('error', () => res.destroy())
  return {
    // The listener uses what is made here and nothing else of them; the type check of what it reads is the run itself.
    req: req as unknown as IncomingMessage, // as: see above
    res: res as unknown as ServerResponse, // as: see above
    leave: () => void res.destroy(),
  }
}

class WireRequest extends Readable {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly socket = { remoteAddress: '127.0.0.1' }
  complete = false
  readonly #body: Buffer
  readonly #isCut: boolean

  constructor(sent: SentRequest, arrived: number | undefined) {
    super()
    this.method = sent.method
    this.url = sent.target
    this.headers = sent.headers
    this.#body = sent.body.subarray(0, arrived)
    this.#isCut = arrived !== undefined
  }

  override _read(): void {
    if (this.#body.length > 0) this.push(this.#body)
    if (this.#isCut) {
      this.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }))
      return
    }
    this.complete = true
    this.push(null)
  }
}

class WireResponse extends Writable {
  readonly req: WireRequest
  statusCode = 200
  headersSent = false
  readonly #headers: Record<string, string> = {}
  readonly #chunks: Buffer[] = []
  #done: ((answer: SentAnswer | undefined) => void) | undefined

  constructor(req: WireRequest, done: (answer: SentAnswer | undefined) => void) {
    super()
    this.req = req
    this.#done = done
    // A cut connection is what `done` is told; nobody else listens.
    this.on('error', () => {})
  }

  setHeader(name: string, value: string | number): this {
    this.#headers[name.toLowerCase()] = String(value)
    return this
  }

  writeHead(status: number, headers: Readonly<Record<string, string | number>> = {}): this {
    this.statusCode = status
    for (const [name, value] of Object.entries(headers)) this.setHeader(name, value)
    this.headersSent = true
    return this
  }

  override _write(chunk: Buffer, _: string, next: () => void): void {
    this.#chunks.push(chunk)
    next()
  }

  override _final(next: () => void): void {
    const body = Buffer.concat(this.#chunks)
    this.#tell({ status: this.statusCode, headers: this.#headers, body })
    next()
  }

  override _destroy(error: Error | null, next: (error?: Error | null) => void): void {
    this.#tell(undefined)
    next(error)
  }

  #tell(answer: SentAnswer | undefined): void {
    this.#done?.(answer)
    this.#done = undefined
  }
}
