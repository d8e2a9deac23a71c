import { eventsOf, type Received } from './client-events.ts'
import { faultOfAnswer, faultOfRedirect, notNorrix, unreachable } from './client-faults.ts'
import { Fault } from './fault.ts'
import { fillPath, type Operation } from './operation.ts'
import type { BodySent, OperationId, Output, ParamsSent, QuerySent, StreamEvent } from './types.ts'

/**
 * Calls operations over fetch: typed by the operation's id, with every answer that is no success thrown as a `Fault`.
 * Knows no Node and no zod, so that command line, runner and browser share it.
 */

/** An operation whose shapes are known. */
export type KnownOperation = Operation & { readonly id: OperationId }

/** What a call of one operation takes: a part is named only where there is one, and may be left out where all of it may. */
export type Input<Id extends OperationId> = InputPart<'params', ParamsSent<Id>> &
  InputPart<'query', QuerySent<Id>> &
  InputPart<'body', BodySent<Id>> & { readonly signal?: AbortSignal }

type InputPart<Name extends string, Value> = [Value] extends [undefined]
  ? { readonly [K in Name]?: undefined }
  : object extends Value
    ? { readonly [K in Name]?: Value }
    : { readonly [K in Name]: Value }

/** Bytes to send. `open` may be called again, when the request has to be sent a second time. */
export interface Bytes {
  readonly open: () => ReadableStream<Uint8Array> | Blob
  readonly sizeBytes: number
}

export interface Download {
  readonly stream: ReadableStream<Uint8Array>
  /** As announced; null when the server did not say. */
  readonly sizeBytes: number | null
}

/** What the client reads of an answer; a `Response` is one. */
export interface Answer {
  readonly type?: string
  readonly status: number
  readonly ok: boolean
  readonly headers: { get(name: string): string | null }
  readonly body: ReadableStream<Uint8Array> | null
  text(): Promise<string>
  json(): Promise<unknown>
}

/** `fetch`, as far as it is used here. */
export type Ask = (url: string, init: RequestInit) => Promise<Answer>

export interface ClientOptions {
  /** Origin that the credential of `headers` belongs to; nothing is ever sent anywhere else (product ruling 8). */
  readonly baseUrl: string
  /** Node's and the browser's own fetch unless given. */
  readonly fetch?: Ask
  /** Asked before each request, so that a credential may be renewed, or proved for this request alone. */
  readonly headers?: (
    request: Asked,
  ) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
  /** Asked once about a refusal: true when the credential was renewed and the request may be sent again. */
  readonly renew?: (refusal: Fault) => Promise<boolean>
}

/** What a credential may be tied to: a request before it is sent. */
export interface Asked {
  readonly method: string
  readonly url: string
}

export interface Client {
  readonly baseUrl: string
  /** @throws Fault whatever the server says, or `network`, or `not_norrix` */
  call<O extends KnownOperation>(operation: O, input: Input<O['id']>): Promise<Output<O['id']>>
  /** Sends bytes and reads the JSON answer. */
  upload<O extends KnownOperation>(
    operation: O,
    input: Input<O['id']> & { readonly bytes: Bytes },
  ): Promise<Output<O['id']>>
  /** Asks for bytes. The caller reads the stream to its end or cancels it. */
  download<O extends KnownOperation>(operation: O, input: Input<O['id']>): Promise<Download>
  /**
   * Server-sent events until the server ends the stream. A break is thrown as `network`; whoever wants to go on asks
   * again from the last `id`.
   */
  stream<O extends KnownOperation>(
    operation: O,
    input: Input<O['id']>,
  ): AsyncGenerator<Received<StreamEvent<O['id']>>, void, undefined>
}

/** @param options where the server is and how to authenticate there */
export function createClient(options: ClientOptions): Client {
  const origin = new URL(options.baseUrl).origin
  const sendOnce = async (operation: Operation, input: AnyInput, accept: string) => {
    const url = urlOf(operation, input, origin)
    const asked = { method: operation.method, url }
    const headers = { Accept: accept, ...(await options.headers?.(asked)) }
    const request = { url, init: initOf(operation, input, headers) }
    return sendRequest(options.fetch ?? fetch, request, origin)
  }
  const send = async (operation: Operation, input: AnyInput, accept: string): Promise<Answer> => {
    try {
      return await sendOnce(operation, input, accept)
    } catch (refusal) {
      if (!(refusal instanceof Fault) || !(await options.renew?.(refusal))) throw refusal
      return sendOnce(operation, input, accept)
    }
  }
  return {
    baseUrl: origin,
    async call(operation, input) {
      return jsonOf(await send(operation, input, 'application/json'), origin, input.signal)
    },
    async upload(operation, input) {
      return jsonOf(await send(operation, input, 'application/json'), origin, input.signal)
    },
    async download(operation, input) {
      const answer = await send(operation, input, 'application/octet-stream, */*')
      const size = answer.headers.get('Content-Length')
      if (!answer.body) throw notNorrix(origin, 'an empty answer')
      return { stream: answer.body, sizeBytes: size === null ? null : Number(size) }
    },
    async *stream(operation, input) {
      const answer = await send(operation, input, 'text/event-stream')
      if (!isType(answer, 'text/event-stream') || !answer.body) {
        throw notNorrix(origin, `no event stream but ${described(answer)}`)
      }
      yield* eventsOf(answer.body, origin, input.signal)
    },
  }
}

interface AnyInput {
  readonly params?: unknown
  readonly query?: unknown
  readonly body?: unknown
  readonly bytes?: Bytes
  readonly signal?: AbortSignal
}

interface RequestParts {
  readonly url: string
  readonly init: RequestInit
}

function urlOf(operation: Operation, input: AnyInput, origin: string): string {
  // Params and queries are objects of texts, numbers and booleans: the shapes that type them allow nothing else.
  const params = (input.params ?? {}) as Readonly<Record<string, string>>
  const url = new URL(fillPath(operation.path, params), origin)
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value))
  }
  return url.href
}

function initOf(
  operation: Operation,
  input: AnyInput,
  headers: Record<string, string>,
): RequestInit {
  const init: RequestInit & { duplex?: 'half' } = {
    method: operation.method,
    headers,
    redirect: 'manual',
    ...(input.signal && { signal: input.signal }),
  }
  if (operation.body === 'json') {
    headers['Content-Type'] = 'application/json'
    init.body = JSON.stringify(input.body)
  }
  if (input.bytes) {
    headers['Content-Type'] = 'application/octet-stream'
    headers['Content-Length'] = String(input.bytes.sizeBytes)
    init.body = input.bytes.open()
    // A streamed body is sent before the answer is read (Fetch standard, `duplex`).
    init.duplex = 'half'
  }
  return init
}

async function sendRequest(
  fetchIt: Ask,
  { url, init }: RequestParts,
  origin: string,
): Promise<Answer> {
  let answer: Answer
  try {
    answer = await fetchIt(url, init)
  } catch (cause) {
    throw unreachable(cause, origin, init.signal)
  }
  // The credential went to this origin alone; where else it should go is not for an answer to say.
  if (answer.type === 'opaqueredirect' || (answer.status >= 300 && answer.status < 400)) {
    await discard(answer)
    throw faultOfRedirect(origin, answer.headers.get('Location'))
  }
  if (!answer.ok) throw await faultOfAnswer(answer, origin)
  return answer
}

// What the server sends is parsed there by the operation's shape; here only its being JSON is checked, without zod.
async function jsonOf<T>(answer: Answer, origin: string, signal?: AbortSignal): Promise<T> {
  if (answer.status === 204) return undefined as T // operations without output answer so
  if (!isType(answer, 'application/json')) {
    await discard(answer)
    throw notNorrix(origin, described(answer))
  }
  let text: string
  try {
    text = await answer.text()
  } catch (cause) {
    throw unreachable(cause, origin, signal)
  }
  try {
    return JSON.parse(text) as T // the contract: the server answered with the operation's output
  } catch (cause) {
    throw notNorrix(origin, 'broken JSON', cause)
  }
}

function isType(answer: Answer, type: string): boolean {
  return answer.headers.get('Content-Type')?.split(';')[0]?.trim().toLowerCase() === type
}

function described(answer: Answer): string {
  return isType(answer, 'text/html') ? 'a web page' : `something that is not JSON`
}

async function discard(answer: Answer): Promise<void> {
  // Frees the connection; that it cannot be read any more is what is wanted.
  await answer.body?.cancel().catch(() => {})
}
