import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Operation } from '@norrix/contract/operation'
import { RegExpRouter } from 'hono/router/reg-exp-router'
import { answer } from './answer.ts'
import { refuseTooOld } from './clients.ts'
import type { Route } from './implement.ts'
import type { Mounted, MountOptions } from './mounted.ts'
import { allowedMethods, methodNotAllowed } from './refusals.ts'

const knownMethods: readonly Operation['method'][] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

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
    if (!route) return refuseMethod(router, options.version, req, res, facts.url.pathname)
    facts.trace.operation = route.operation.id
    if (route.operation.access.kind !== 'public') refuseTooOld(facts.agent, options)
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
  version: string,
  req: IncomingMessage,
  res: ServerResponse,
  path: string,
): false {
  const methods = knownMethods.filter((method) => router.match(method, path)[0].length > 0)
  if (methods.length === 0) return false
  res.setHeader('Allow', allowedMethods(methods))
  throw methodNotAllowed(methods, { asked: req.method, version })
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
    const decoded = decodeURIComponent(text)
    // Nothing is called that, and PostgreSQL does not even look for it.
    return decoded.includes('\0') ? '' : decoded
  } catch {
    return ''
  }
}
