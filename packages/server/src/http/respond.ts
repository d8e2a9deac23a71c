import type { ServerResponse } from 'node:http'
import { finished, pipeline } from 'node:stream/promises'
import { faultTable, type Fault } from '@norrix/contract/fault'
import type { BytesReply } from './implement.ts'
import { faultBody, faultHeaders } from './faults.ts'
import { attachmentHeaders } from './headers.ts'

export function sendJson(res: ServerResponse, status: number, value: unknown): void {
  // A text goes out in one write with the headers; bytes would be a second piece.
  const body = JSON.stringify(value)
  res.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  })
  res.end(body)
}

/** Answers with a fault; on a stream that has begun, it can only be cut. */
export function sendFault(res: ServerResponse, fault: Fault, requestId: string): void {
  if (res.headersSent) {
    res.destroy()
    return
  }
  for (const [name, value] of Object.entries(faultHeaders(fault))) res.setHeader(name, value)
  sendJson(res, faultTable[fault.code].status, faultBody(fault, requestId))
}

/** Sends a file as an attachment (ruling 25). */
export async function sendBytes(res: ServerResponse, reply: BytesReply): Promise<void> {
  res.writeHead(200, {
    ...attachmentHeaders(reply.fileName),
    'Content-Type': reply.contentType,
    'Content-Length': reply.sizeBytes,
  })
  try {
    await pipeline(reply.stream, res)
  } finally {
    // A pipeline to somebody who left before it began leaves the file open.
    reply.stream.destroy()
  }
}

/**
 * Sends server-sent events (WHATWG HTML section 9.2). An event with a number in `offset` carries it as the id to resume
 * from. A comment every 15 s keeps proxies from closing the connection.
 */
export async function sendEvents(
  res: ServerResponse,
  events: AsyncIterable<unknown>,
  { signal, stopping }: StreamSignals,
): Promise<void> {
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'X-Accel-Buffering': 'no',
  })
  // HEAD has nothing to wait for: the stream would hold the connection until it ends.
  if (res.req.method === 'HEAD') {
    res.end()
    return
  }
  res.flushHeaders()
  const pulse = setInterval(() => res.write(':\n\n'), 15_000)
  const cut = () => (stopping.aborted ? sendAway(res) : res.destroy())
  signal.addEventListener('abort', cut, { once: true })
  try {
    for await (const event of events) {
      if (signal.aborted) return
      const flowing = res.write(`${eventId(event)}data: ${JSON.stringify(event)}\n\n`)
      if (!flowing) await drained(res)
    }
    res.end()
    await finished(res)
  } finally {
    clearInterval(pulse)
    signal.removeEventListener('abort', cut)
  }
}

/** When a stream of events is over before its end. */
export interface StreamSignals {
  /** The client left, the credential died, or the server stops. */
  readonly signal: AbortSignal
  readonly stopping: AbortSignal
}

/** Ends the stream as one that may be asked for again, a second from now: by then another server is there, or this one anew. */
function sendAway(res: ServerResponse): void {
  res.end('retry: 1000\n\n')
}

function eventId(event: unknown): string {
  if (event === null || typeof event !== 'object' || !('nextOffset' in event)) return ''
  return typeof event.nextOffset === 'number' ? `id: ${event.nextOffset}\n` : ''
}

function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      res.off('drain', done).off('close', done)
      resolve()
    }
    res.on('drain', done).on('close', done)
  })
}
