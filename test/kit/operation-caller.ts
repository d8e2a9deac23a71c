// Calls an operation's handler as the mount does, without a socket: the answer is held to its shape.
import { createHash } from 'node:crypto'
import { Fault, type FaultCode } from '@norrix/contract/fault'
import type { Operation } from '@norrix/contract/operation'
import { shapes, type OperationShapes } from '@norrix/contract/shapes'
import type { Handler, HandlerInput, RequestContext, Route } from '@norrix/server/http/implement'

export function callerOf(routes: readonly Route[]) {
  return async <const O extends Operation>(
    operation: O,
    input: HandlerInput<O>,
  ): Promise<Awaited<ReturnType<Handler<O>>>> => {
    const route = routes.find((each) => each.operation === operation)
    if (!route) throw new Error(`Nothing implements ${operation.id}.`)
    const known: Readonly<Record<string, OperationShapes>> = shapes
    const { output } = known[operation.id] ?? {}
    const handle = route.handle as (input: unknown) => unknown // `implement` typed it for this operation
    const reply = await handle(input)
    return (output ? output.parse(reply) : reply) as Awaited<ReturnType<Handler<O>>> // as the operation promises
  }
}

/** The code of the fault that `work` ends with; anything else is rethrown, and no fault at all is `undefined`. */
export async function faultOf(work: Promise<unknown>): Promise<FaultCode | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    if (error instanceof Fault) return error.code
    throw error
  }
}

/** All events of a stream that ends. */
export async function allOf<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const event of events) all.push(event)
  return all
}

export function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export function contextOf(signal?: AbortSignal, confirm = async () => {}): RequestContext {
  return {
    requestId: 'req_rig',
    address: '127.0.0.1',
    agent: 'rig',
    signal: signal ?? new AbortController().signal,
    confirm,
  }
}
