import type { Readable } from 'node:stream'
import type { Access } from '@norrix/contract/access.policy'
import type { Operation } from '@norrix/contract/operation'
import type { Body, OperationId, Output, Params, Query, StreamEvent } from '@norrix/contract/types'
import type {
  KeyPrincipal,
  LeasePrincipal,
  NobodyPrincipal,
  RunnerPrincipal,
  SessionPrincipal,
} from './principal.ts'

/** What a handler may know of the request beside its input. There is no request object to reach into. */
export interface RequestContext {
  readonly requestId: string
  readonly address: string
  readonly agent: string
  /** Aborts when the client goes away, the stream's credential dies, or the server stops. */
  readonly signal: AbortSignal
  /**
   * Looks the credential up again. Call it after a long upload and before committing it.
   *
   * @throws the fault that a new request with this credential would get
   */
  readonly confirm: () => Promise<void>
}

/** Who can stand behind an operation, given its access. */
export type PrincipalFor<A extends Access> = A extends { kind: 'public' }
  ? NobodyPrincipal
  : A extends { kind: 'person' }
    ? SessionPrincipal
    : A extends { kind: 'holder' }
      ? SessionPrincipal | KeyPrincipal
      : A extends { kind: 'org'; scopes: 'none' }
        ? SessionPrincipal
        : A extends { kind: 'org' }
          ? SessionPrincipal | KeyPrincipal
          : A extends { kind: 'runner' }
            ? RunnerPrincipal
            : LeasePrincipal

/** A file on its way out. */
export interface BytesReply {
  readonly stream: Readable
  readonly sizeBytes: number
  readonly contentType: string
  /** The name to save it under; it always leaves as an attachment. */
  readonly fileName: string
}

type BodyOf<O extends Operation> = O['body'] extends 'bytes' ? Readable : BodyOfId<O['id']>
type BodyOfId<Id> = Id extends OperationId ? Body<Id> : never
type ReplyOf<O extends Operation> = O['output'] extends 'bytes'
  ? BytesReply
  : O['output'] extends 'events'
    ? AsyncIterable<EventOfId<O['id']>>
    : O['output'] extends 'redirect'
      ? { readonly location: string }
      : O['output'] extends 'none'
        ? void
        : OutputOfId<O['id']>
type EventOfId<Id> = Id extends OperationId ? StreamEvent<Id> : never
type OutputOfId<Id> = Id extends OperationId ? Output<Id> : never
type ParamsOfId<Id> = Id extends OperationId ? Params<Id> : never
type QueryOfId<Id> = Id extends OperationId ? Query<Id> : never

export interface HandlerInput<O extends Operation> {
  readonly params: ParamsOfId<O['id']>
  readonly query: QueryOfId<O['id']>
  readonly body: BodyOf<O>
  readonly principal: PrincipalFor<O['access']>
  readonly context: RequestContext
}

export type Handler<O extends Operation> = (
  input: HandlerInput<O>,
) => Promise<ReplyOf<O>> | ReplyOf<O>

/** An operation with its handler. */
export interface Route {
  readonly operation: Operation
  readonly handle: (input: never) => unknown
}

/**
 * Ties a handler to its operation. The types of input, principal and reply all come from the operation's literal.
 */
export function implement<const O extends Operation>(operation: O, handle: Handler<O>): Route {
  return { operation, handle }
}
