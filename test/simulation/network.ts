import { Buffer } from 'node:buffer'
import type { Chance } from './chance.ts'
import type { SentAnswer, SentRequest } from './wire.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

/** What the network does to messages. */
export interface Weather {
  /** The longest that a message usually takes. */
  readonly usualMs: number
  /** How often one takes far longer, at most `slowestMs`: others overtake it, and it arrives stale. */
  readonly slow: number
  readonly slowestMs: number
  /** How often a request, or its answer, never arrives. */
  readonly lost: number
  /** How often a request arrives twice, as behind a proxy that repeats. */
  readonly doubled: number
  /** How often the connection breaks in the middle of a request's body. */
  readonly cut: number
}

export const calm: Weather = { usualMs: 30, slow: 0, slowestMs: 0, lost: 0, doubled: 0, cut: 0 }

/** Where requests arrive. */
export interface Destination {
  /**
   * @param arrived bytes of the body that come before the connection breaks; undefined: all, and it holds
   * @param done takes the answer, or undefined when the server cut the connection
   */
  receive(
    request: SentRequest,
    arrived: number | undefined,
    done: (answer: SentAnswer | undefined) => void,
  ): { leave(): void }
}

export interface NetworkOptions {
  readonly world: World
  readonly chance: Chance
  /** The server that the next request goes to; undefined: nobody listens. */
  readonly destination: () => Destination | undefined
  /** Told what a server answered, whether or not anybody hears it. */
  readonly answered: (request: SentRequest, answer: SentAnswer) => void
  /** Told what a caller heard, and when it had asked. */
  readonly heard: (request: SentRequest, answer: SentAnswer, sentAt: number) => void
}

/** How long a caller waits at most for what got lost: until its connection is found dead. */
const giveUpMs = 6000

/** `fetch` between the processes of the world, in whatever weather. */
export class Network {
  weather: Weather = calm
  /** Messages on their way that were sent in bad weather: some of them will be stale when they arrive. */
  old = 0
  readonly #options: NetworkOptions

  constructor(options: NetworkOptions) {
    this.#options = options
  }

  async fetch(from: Process, address: string, init: RequestInit): Promise<Response> {
    const { world, heard } = this.#options
    const request = await toRequest(address, init)
    const sentAt = world.now
    const answer = await this.#answerTo(from, request, init.signal ?? undefined)
    heard(request, answer, sentAt)
    const body = answer.status === 204 ? null : new Uint8Array(answer.body)
    return new Response(body, { status: answer.status, headers: answer.headers })
  }

  #answerTo(
    from: Process,
    request: SentRequest,
    signal: AbortSignal | undefined,
  ): Promise<SentAnswer> {
    const { world, chance } = this.#options
    return new Promise((resolve, reject) => {
      const left: (() => void)[] = []
      const leave = (): void => {
        signal?.removeEventListener('abort', abort)
        // A server notices that its caller is gone when the network tells it, if ever.
        for (const tell of left) this.#carry(undefined, tell)
      }
      const abort = (): void => {
        leave()
        reject(new DOMException('This operation was aborted', 'AbortError'))
      }
      const fail = (code: string, ms: number): void => {
        world.later(from, ms, () => {
          leave()
          reject(new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) }))
        })
      }
      if (signal?.aborted) return abort()
      signal?.addEventListener('abort', abort, { once: true })
      const { lost, doubled } = this.weather
      if (chance.happens(lost)) fail('ECONNRESET', chance.between(0, giveUpMs))
      else {
        const heard = (answer: SentAnswer): void => {
          if (chance.happens(this.weather.lost)) {
            return fail('ECONNRESET', chance.between(0, giveUpMs))
          }
          this.#carry(from, () => {
            signal?.removeEventListener('abort', abort)
            resolve(answer)
          })
        }
        this.#send(request, { heard, failed: (code) => fail(code, this.#delay()), left })
      }
      if (chance.happens(doubled)) {
        this.#send(request, { heard: () => {}, failed: () => {}, left: [] })
      }
    })
  }

  #send(request: SentRequest, caller: Caller): void {
    const { chance, destination, answered } = this.#options
    this.#carry(undefined, () => {
      const server = destination()
      if (!server) return caller.failed('ECONNREFUSED')
      const isCut = request.body.length > 0 && chance.happens(this.weather.cut)
      const arrived = isCut ? chance.between(0, request.body.length - 1) : undefined
      const exchange = server.receive(request, arrived, (answer) => {
        if (!answer) return caller.failed('ECONNRESET')
        answered(request, answer)
        if (isCut) caller.failed('ECONNRESET')
        else caller.heard(answer)
      })
      caller.left.push(() => exchange.leave())
    })
  }

  #carry(to: Process | undefined, arrive: () => void): void {
    const isOld = this.weather !== calm
    if (isOld) this.old += 1
    // Counted though the process it goes to may be dead by then.
    this.#options.world.later(undefined, this.#delay(), () => {
      if (isOld) this.old -= 1
      if (to) this.#options.world.later(to, 0, arrive)
      else arrive()
    })
  }

  /** How long the next message takes. */
  #delay(): number {
    const { chance } = this.#options
    const { slow, slowestMs, usualMs } = this.weather
    return chance.happens(slow) ? chance.between(usualMs, slowestMs) : chance.between(1, usualMs)
  }
}

interface Caller {
  readonly heard: (answer: SentAnswer) => void
  readonly failed: (code: string) => void
  /** Called when the caller goes away. */
  readonly left: (() => void)[]
}

async function toRequest(address: string, init: RequestInit): Promise<SentRequest> {
  const { pathname, search } = new URL(address)
  const headers: Record<string, string> = {}
  // The contract's client gives a plain object.
  for (const [name, value] of Object.entries(init.headers ?? {})) {
    headers[name.toLowerCase()] = String(value)
  }
  const body = await bodyOf(init.body)
  return { method: init.method ?? 'GET', target: pathname + search, headers, body }
}

async function bodyOf(body: RequestInit['body']): Promise<Buffer> {
  if (body === undefined || body === null) return Buffer.alloc(0)
  if (typeof body === 'string') return Buffer.from(body)
  if (!(body instanceof ReadableStream)) throw new Error('The simulation sends texts and streams.')
  const chunks: Uint8Array[] = []
  for await (const chunk of body as ReadableStream<Uint8Array>) chunks.push(chunk) // as: what `Bytes.open` gives
  return Buffer.concat(chunks)
}
