import type { IncomingMessage, ServerResponse } from 'node:http'
import { decide, type Caller } from '@norrix/contract/access.policy'
import { Fault } from '@norrix/contract/fault'
import type { Operation } from '@norrix/contract/operation'
import type { OperationShapes } from '@norrix/contract/shapes'
import { RegExpRouter } from 'hono/router/reg-exp-router'
import { readCredential } from './credential.ts'
import type { BytesReply, RequestContext, Route } from './implement.ts'
import type { Authenticators, Credential, Principal } from './principal.ts'
import { allowedMethods, methodNotAllowed, refuse } from './refusals.ts'
import { parseInput, readJson } from './request.ts'
import { sendBytes, sendEvents, sendJson } from './respond.ts'

/** How often an open stream's credential is looked up again: revoked means closed within 1 s (ruling 2). */
const recheckMs = 500

const knownMethods: readonly Operation['method'][] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

export interface MountOptions {
  readonly operations: readonly Operation[]
  readonly routes: readonly Route[]
  readonly shapes: Readonly<Record<string, OperationShapes>>
  readonly authenticators: Authenticators
  readonly cookieName: string
  readonly publicUrl: string
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal
}

/** What the outer listener knows of a request. */
export interface ListenerFacts {
  readonly requestId: string
  readonly address: string
  readonly agent: string
  readonly url: URL
}

/** Answers one request; false when no operation has this path. Throws faults for the listener to send. */
export type Mounted = (
  req: IncomingMessage,
  res: ServerResponse,
  facts: ListenerFacts,
) => Promise<boolean>

/**
 * Puts routes on paths. Deny by default: every operation must have declared its access and have exactly one route, and every
 * route must be an operation of the contract.
 *
 * @throws Error naming the operation, so that the server does not start
 */
export function mount(options: MountOptions): Mounted {
  proveComplete(options)
  const router = new RegExpRouter<Route>()
  for (const route of options.routes) {
    const { method, path } = route.operation
    router.add(method, path.replace(/\{(\w+)\}/g, ':$1'), route)
  }
  return async (req, res, facts) => {
    const method = req.method === 'HEAD' ? 'GET' : (req.method ?? 'GET')
    const found = router.match(method, facts.url.pathname)
    const route = found[0][0]?.[0]
    if (!route) return refuseMethod(router, req, res, facts.url.pathname)
    await answer(options, route, pathParams(found), req, res, facts)
    return true
  }
}

function proveComplete({ operations, routes, shapes }: MountOptions): void {
  for (const operation of operations) {
    const { id } = operation
    // The type demands it; a literal that was cast, or came from elsewhere, is caught here.
    const access: unknown = operation.access
    if (typeof access !== 'object' || access === null) {
      throw new Error(`The operation ${id} declares no access.`)
    }
    if (!Object.hasOwn(shapes, id)) throw new Error(`The operation ${id} has no shapes.`)
    const handlers = routes.filter((route) => route.operation === operation).length
    if (handlers !== 1) throw new Error(`The operation ${id} has ${handlers} routes; it needs one.`)
  }
  for (const { operation } of routes) {
    if (!operations.includes(operation)) {
      throw new Error(`A route implements ${operation.id}, which is no operation of the contract.`)
    }
  }
}

/** False when no operation has the path either. @throws Fault method_not_allowed */
function refuseMethod(
  router: RegExpRouter<Route>,
  req: IncomingMessage,
  res: ServerResponse,
  path: string,
): false {
  const methods = knownMethods.filter((method) => router.match(method, path)[0].length > 0)
  if (methods.length === 0) return false
  res.setHeader('Allow', allowedMethods(methods))
  throw methodNotAllowed(methods, req.method)
}

type Match = ReturnType<RegExpRouter<Route>['match']>

function pathParams(found: Match): Record<string, string> {
  const indexes = found[0][0]?.[1] ?? {}
  const values = found[1] ?? []
  return Object.fromEntries(
    Object.entries(indexes).map(([name, index]) => {
      const value = typeof index === 'number' ? values[index] : index
      return [name, decodePath(value ?? '')]
    }),
  )
}

function decodePath(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

async function answer(
  options: MountOptions,
  route: Route,
  params: Record<string, string>,
  req: IncomingMessage,
  res: ServerResponse,
  facts: ListenerFacts,
): Promise<void> {
  const { operation } = route
  const shapes = options.shapes[operation.id] ?? {}
  const identify = () => authorize(options, operation, params, req, facts)
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
    signal: watched.signal,
    confirm: async () => void (await identify()),
  }
  try {
    const body = operation.body === 'bytes' ? req : input.body
    // The route's own types were checked where it was written (`implement`); here every route looks alike.
    const handle = route.handle as (input: unknown) => unknown
    const reply = await handle({ ...input, body, principal, context })
    await send(operation, shapes, res, reply, watched.signal)
  } finally {
    watched.stop()
  }
}

/**
 * Who asks, and whether they may. What is for everybody is so for the holder of a dead credential too: none is looked at.
 *
 * @throws the fault that says why not
 */
async function authorize(
  options: MountOptions,
  operation: Operation,
  params: Record<string, string>,
  req: IncomingMessage,
  facts: ListenerFacts,
): Promise<Principal> {
  if (operation.access.kind === 'public') return { kind: 'nobody' }
  const { authorization, cookie } = req.headers
  const credential = readCredential({ authorization, cookie }, options.cookieName)
  const principal = await identify(options.authenticators, credential, facts)
  const caller = await toCaller(options.authenticators, operation, principal, params['orgId'])
  const verdict = decide(operation.access, caller, params)
  if (!verdict.allowed) throw refuse(verdict.code, operation, principal, options.publicUrl)
  return principal
}

async function identify(
  look: Authenticators,
  credential: Credential,
  facts: ListenerFacts,
): Promise<Principal> {
  switch (credential.kind) {
    case 'none':
      return { kind: 'nobody' }
    case 'access-token':
      return look['access-token'](credential, facts)
    case 'cookie':
      return look.cookie(credential, facts)
    case 'api-key':
      return look['api-key'](credential, facts)
    case 'runner-token':
      return look['runner-token'](credential, facts)
    case 'lease-token':
      return look['lease-token'](credential, facts)
  }
}

async function toCaller(
  look: Authenticators,
  operation: Operation,
  principal: Principal,
  orgId: string | undefined,
): Promise<Caller> {
  if (principal.kind !== 'session') return principal
  const inOrg = operation.access.kind === 'org' && orgId !== undefined
  const role = inOrg ? await look.roleOf(principal.accountId, orgId) : undefined
  return { kind: 'session', roleIn: (asked) => (asked === orgId ? role : undefined) }
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

/** A signal that aborts when the client leaves, the server stops, or a stream's credential dies. */
function watch(
  operation: Operation,
  res: ServerResponse,
  stopping: AbortSignal,
  identify: () => Promise<unknown>,
): { signal: AbortSignal; stop: () => void } {
  const gone = new AbortController()
  const leave = () => gone.abort()
  res.on('close', leave)
  const recheck =
    operation.output === 'events'
      ? setInterval(() => void identify().catch(leave), recheckMs)
      : undefined
  return {
    signal: AbortSignal.any([gone.signal, stopping]),
    stop: () => {
      clearInterval(recheck)
      res.off('close', leave)
    },
  }
}

async function send(
  operation: Operation,
  shapes: OperationShapes,
  res: ServerResponse,
  reply: unknown,
  signal: AbortSignal,
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
      return sendEvents(res, reply as AsyncIterable<unknown>, signal)
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
