import type { Operation } from '@norrix/contract/operation'
import { shapes, type OperationShapes } from '@norrix/contract/shapes'
import { exampleOf } from './example.ts'
import type { Expected } from './expected.ts'
import type { Things } from './furnish.ts'
import type { Ask } from './wire.ts'
import { alwaysSent, knownFields, payload, type Caller } from './world.ts'

/** One request, and the one answer to it that is right. */
export interface Case {
  readonly title: string
  readonly ask: Ask
  readonly expected: Expected
}

/** A whole request before it is written down; the cases spoil one part of it each. */
export interface Draft {
  readonly params: Things
  readonly query: Readonly<Record<string, unknown>>
  readonly body: unknown
}

/** A request with nothing wrong in it. */
export function draftOf(operation: Operation, things: Things): Draft {
  const { query, body } = shapesOf(operation)
  const known = knownFields(things)
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  const params = Object.fromEntries(
    names.map((name) => {
      const id = things[name]
      if (id !== undefined) return [name, id]
      throw new Error(
        `The sweep has nothing for {${name}} in the path of ${operation.id}. Make one in each organization in test/sweep/furnish.ts and return its id as things.${name}.`,
      )
    }),
  )
  return {
    params,
    query: query ? exampleOf(query, known, `the query of ${operation.id}`, alwaysSent) : {},
    body: body ? exampleOf(body, known, `the body of ${operation.id}`) : undefined,
  }
}

/** Writes a request down. Parameters go in as they are: the sweep's wrong ones are encoded already. */
export function write(
  operation: Operation,
  { headers, proof }: Pick<Caller, 'headers' | 'proof'>,
  draft: Draft,
): Ask {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => draft.params[name] ?? '')
  const query = new URLSearchParams(
    Object.entries(draft.query).map(([name, value]) => [name, String(value)]),
  ).toString()
  const target = query === '' ? path : `${path}?${query}`
  const ask = { method: operation.method, target, ...(proof && { proof }) }
  if (operation.body === 'none') return { ...ask, headers }
  const isJson = operation.body === 'json'
  return {
    ...ask,
    headers: {
      ...headers,
      'content-type': isJson ? 'application/json' : 'application/octet-stream',
    },
    body: isJson ? JSON.stringify(draft.body) : payload,
  }
}

export function shapesOf({ id }: Operation): OperationShapes {
  const all: Readonly<Record<string, OperationShapes>> = shapes
  return all[id] ?? {}
}
