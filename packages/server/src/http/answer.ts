import type { IncomingMessage, ServerResponse } from 'node:http'
import { Fault } from '@norrix/contract/fault'
import type { Operation } from '@norrix/contract/operation'
import type { OperationShapes } from '@norrix/contract/shapes'
import { authorizer } from './authorize.ts'
import type { BytesReply, RequestContext, Route } from './implement.ts'
import type { ListenerFacts, MountOptions } from './mounted.ts'
import { parseInput, readJson } from './request.ts'
import { sendBytes, sendEvents, sendJson, type StreamSignals } from './respond.ts'

/** How often an open stream's credential is looked up again: revoked means closed within 1 s (ruling 2). */
const recheckMs = 500

/** One request to one route: who asks and whether they may, then the input, then the handler, then its answer. */
export async function answer(
  options: MountOptions,
  route: Route,
  params: Record<string, string>,
  req: IncomingMessage,
  res: ServerResponse,
  facts: ListenerFacts,
): Promise<void> {
  const { operation } = route
  const shapes = options.shapes[operation.id] ?? {}
  const identify = authorizer(options, operation, params, req, facts)
  const principal = await identify()
  const input = parseInput(shapes, {
    params,
    query: resumedQuery(operation, req, facts.url.searchParams),
    body: operation.body === 'json' ? await readJson(req) : undefined,
  })
  const watched = watch(operation, res, options.stopping, identify)
  const context: RequestContext = {
    requestId: facts.requestId,
    address: facts.address,
    agent: facts.agent,
    get signal() {
      return watched.signal
    },
    confirm: async () => void (await identify()),
  }
  try {
    const body = operation.body === 'bytes' ? req : input.body
    // The route's own types were checked where it was written (`implement`); here every route looks alike.
    const handle = route.handle as (input: unknown) => unknown
    const reply = await handle({ ...input, body, principal, context })
    await send(operation, shapes, res, reply, watched)
  } finally {
    watched.stop()
  }
}

/** An EventSource that reconnects says where it was by header; the address still has the old offset. */
function resumedQuery(
  operation: Operation,
  req: IncomingMessage,
  query: URLSearchParams,
): URLSearchParams {
  const last = req.headers['last-event-id']
  if (operation.output !== 'events' || typeof last !== 'string' || !/^\d+$/.test(last)) return query
  const resumed = new URLSearchParams(query)
  resumed.set('from', last)
  return resumed
}

/**
 * A signal that aborts when the client leaves, the server stops, or a stream's credential dies. Made when it is first asked for:
 * most handlers never do, and it costs as much as reading the request.
 */
function watch(
  operation: Operation,
  res: ServerResponse,
  stopping: AbortSignal,
  identify: () => Promise<unknown>,
): StreamSignals & { stop: () => void } {
  let made: AbortSignal | undefined
  let stop = (): void => undefined
  const make = (): AbortSignal => {
    const gone = new AbortController()
    const leave = () => gone.abort()
    res.on('close', leave)
    if (res.destroyed) leave()
    const recheck =
      operation.output === 'events'
        ? setInterval(() => void identify().catch(leave), recheckMs)
        : undefined
    stop = () => {
      clearInterval(recheck)
      res.off('close', leave)
    }
    return AbortSignal.any([gone.signal, stopping])
  }
  return {
    stopping,
    get signal() {
      return (made ??= make())
    },
    stop: () => stop(),
  }
}

async function send(
  operation: Operation,
  shapes: OperationShapes,
  res: ServerResponse,
  reply: unknown,
  signals: StreamSignals,
): Promise<void> {
  // Each cast below is what `implement` demanded of a handler for this kind of output.
  switch (operation.output) {
    case 'none':
      res.writeHead(204).end()
      return
    case 'json':
      return sendJson(res, 200, proven(shapes, operation, reply))
    case 'bytes':
      return sendBytes(res, reply as BytesReply)
    case 'events':
      return sendEvents(res, reply as AsyncIterable<unknown>, signals)
    case 'redirect':
      res.writeHead(303, { Location: (reply as { location: string }).location }).end()
      return
  }
}

/** The reply as its shape says: nothing leaves that the contract does not name. */
function proven(shapes: OperationShapes, operation: Operation, reply: unknown): unknown {
  if (!shapes.output) return reply
  const result = shapes.output.safeParse(reply)
  if (result.success) return result.data
  throw new Fault('internal', {
    message: 'The server made an answer that is not as promised, and withheld it.',
    cause: new Error(`${operation.id}: ${result.error.message}`),
  })
}
