import { notNorrix, unreachable } from './client-faults.ts'

/** One server-sent event. `id` is where to go on from after a break. */
export interface Received<Event> {
  readonly id: string | undefined
  readonly event: Event
}

/** The server gives a sign of life every 15 s; after four that did not come the connection is taken for dead. */
const silenceMsMax = 60_000
/** No event of ours is near it: a log's piece is 256 KiB at most. */
const eventCharactersMax = 8 * 1024 * 1024

/**
 * Reads server-sent events (WHATWG HTML section 9.2) from a body: `id` and `data` are all that ours have.
 *
 * @throws Fault network when the stream breaks, not_norrix when an event is not JSON
 */
export async function* eventsOf<Event>(
  body: ReadableStream<Uint8Array>,
  origin: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Received<Event>, void, undefined> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let pending = ''
  try {
    for (;;) {
      const { done, value } = await read(reader, origin, signal)
      if (done) return
      pending += decoder.decode(value, { stream: true })
      const blocks = pending.split(/\r\n\r\n|\n\n|\r\r/)
      pending = blocks.pop() ?? ''
      if (pending.length > eventCharactersMax) throw notNorrix(origin, 'an event without end')
      for (const block of blocks) {
        const received = parseBlock<Event>(block, origin)
        if (received) yield received
      }
    }
  } finally {
    // Whoever stops listening closes the connection; it may be closed already.
    await reader.cancel().catch(() => {})
  }
}

async function read(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  origin: string,
  signal: AbortSignal | undefined,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(silent), silenceMsMax)
  })
  try {
    return await Promise.race([reader.read(), silence])
  } catch (cause) {
    throw unreachable(cause, origin, signal)
  } finally {
    clearTimeout(timer)
  }
}

const silent = Object.assign(new Error('no sign of life'), { code: 'UND_ERR_BODY_TIMEOUT' })

function parseBlock<Event>(block: string, origin: string): Received<Event> | undefined {
  let id: string | undefined
  const data: string[] = []
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, name, value] = /^(\w+):? ?(.*)$/s.exec(line) ?? []
    if (name === 'id') id = value
    if (name === 'data') data.push(value ?? '')
  }
  // A comment, such as the server's sign of life.
  if (data.length === 0) return undefined
  try {
    // The contract: an event of this operation. Its being JSON is what can be checked without zod.
    return { id, event: JSON.parse(data.join('\n')) as Event }
  } catch (cause) {
    throw notNorrix(origin, 'events that are not JSON', cause)
  }
}
