import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Operation } from '@norrix/contract/operation'
import type { OperationShapes } from '@norrix/contract/shapes'
import type { Route } from './implement.ts'
import type { Authenticators } from './principal.ts'

export interface MountOptions {
  readonly operations: readonly Operation[]
  readonly routes: readonly Route[]
  readonly shapes: Readonly<Record<string, OperationShapes>>
  readonly authenticators: Authenticators
  readonly cookieName: string
  readonly publicUrl: string
  readonly version: string
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal
}

/** What the outer listener knows of a request. */
export interface ListenerFacts {
  readonly requestId: string
  readonly address: string
  readonly agent: string
  readonly url: URL
  /** Who answered, for the log and the metrics: written by the handler that took the request. */
  readonly trace: { operation: string }
}

/** Answers one request; false when no operation has this path. Throws faults for the listener to send. */
export type Mounted = (
  req: IncomingMessage,
  res: ServerResponse,
  facts: ListenerFacts,
) => Promise<boolean>
