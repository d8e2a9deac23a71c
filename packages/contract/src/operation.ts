import type { Access } from './access.policy.ts'
import type { FaultCode } from './fault.ts'

/**
 * One thing that the server can be asked, as data. Server, client, OpenAPI and the access sweep read the same
 * literal. What goes in and comes out is in `<noun>.shapes.ts` under the same id.
 */
export interface Operation {
  /** `noun.verb`, unique. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Parameters in braces: `/api/orgs/{orgId}/builds`. */
  readonly path: string
  readonly summary: string
  readonly access: Access
  /** What travels up. `bytes` is a stream that the handler must confirm before it commits it. */
  readonly body: 'none' | 'json' | 'bytes'
  /** What travels down. `events` are server-sent events; the stream ends within 1 s of a revocation. */
  readonly output: 'none' | 'json' | 'bytes' | 'events' | 'redirect'
  /** The faults of this operation beyond those of its access and its form, which every operation has. */
  readonly faults: readonly FaultCode[]
}

export type OperationGroup = Readonly<Record<string, Operation>>

/** The names in a path's braces. */
export type PathParameters<Path extends string> =
  Path extends `${string}{${infer Name}}${infer Rest}` ? Name | PathParameters<Rest> : never

/**
 * Fills a path. Every parameter is percent-encoded, so that no value can add a segment.
 *
 * @throws Error when a parameter is missing: a fault of the caller's code, not of its user
 */
export function fillPath(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name]
    if (value === undefined) throw new Error(`The path ${path} needs ${name}.`)
    return encodeURIComponent(value)
  })
}
