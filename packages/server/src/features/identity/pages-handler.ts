import type { IncomingMessage } from 'node:http'
import { Fault, faultTable } from '@norrix/contract/fault'
import { faultHeaders, toFault } from '../../http/faults.ts'
import type { Log } from '../../kernel/log.ts'
import type { PageRoute, Visit } from './flows/flow.ts'
import { requestPath } from './flows/pending.ts'
import { faultPage } from './pages/notice.ts'
import type { Place } from './pages/layout.ts'
import type { Purpose } from './upstreams/trips.ts'
import { assets, sendAsset, sendPage } from './web/send.ts'

/** Finds the page of an address and shows what goes wrong on a page too. False when the address is none of ours. */
export function createPages(deps: {
  routes: readonly PageRoute[]
  place: Place
  log: Log
  /** What a trip to an upstream was for, so that the page of its failure leads back. */
  purposeOf: (req: IncomingMessage, url: URL) => Purpose | undefined
}): (visit: Omit<Visit, 'path'>) => Promise<boolean> {
  const { routes, place, log } = deps
  const answer = async (visit: Omit<Visit, 'path'>): Promise<boolean> => {
    const { req, res, url } = visit
    const asset = Object.values(assets).find(({ path }) => path === url.pathname)
    if (asset) {
      sendAsset(res, asset)
      return true
    }
    const found = routes.filter(({ pattern }) => pattern.test(url.pathname))
    if (found.length === 0) return false
    const route = found.find(({ method }) => method === req.method)
    if (!route) throw wrongMethod(found)
    const [, ...path] = route.pattern.exec(url.pathname) ?? []
    await route.step({ ...visit, path })
    return true
  }
  return async (visit) => {
    try {
      return await answer(visit)
    } catch (error) {
      showFault(visit, toFault(error))
      return true
    }
  }

  function showFault({ req, res, url, origin }: Omit<Visit, 'path'>, fault: Fault): void {
    const { requestId } = origin
    const { status } = faultTable[fault.code]
    const path = url.pathname.replace(/[\w-]{40,}/, '…')
    const fields = { requestId, fault: fault.code, status, path }
    if (status >= 500) log.error('identity.page_failed', { ...fields, cause: fault.cause ?? fault })
    else
      log.info('identity.page_refused', {
        ...fields,
        ...(fault.cause ? { cause: fault.cause } : {}),
      })
    if (res.headersSent) return void res.destroy()
    for (const [name, value] of Object.entries(faultHeaders(fault))) res.setHeader(name, value)
    sendPage(res, {
      status,
      body: faultPage(place, { fault, requestId, ...wayOn(req, url, fault) }),
      formsLeadTo: 'command-line',
    })
  }

  /** From a failed upstream back to the request that waits for it. */
  function wayOn(req: IncomingMessage, url: URL, fault: Fault) {
    const upstreamId = /^\/sign-in\/([a-z0-9-]+)\/callback$/.exec(url.pathname)?.[1]
    const uid =
      uidOf(deps.purposeOf(req, url)) ??
      /^\/interaction\/([\w-]+)\/(?:return|with)/.exec(url.pathname)?.[1]
    if (uid === undefined || fault.code === 'not_found') {
      return fault.code === 'not_found' ||
        fault.code === 'claim_closed' ||
        fault.code === 'bad_request'
        ? {}
        : { actions: [{ label: 'Sign in again', href: '/sign-in' }] }
    }
    const path = requestPath(uid)
    const again = upstreamId === undefined ? path : `${path}/with/${upstreamId}?afresh`
    return { actions: [{ label: 'Try again', href: again }], cancelPath: `${path}/cancel` }
  }
}

function uidOf(purpose: Purpose | undefined): string | undefined {
  return purpose?.kind === 'request' ? purpose.uid : undefined
}

function wrongMethod(found: readonly PageRoute[]): Fault {
  return new Fault('method_not_allowed', {
    message: `This address answers ${found.map(({ method }) => method).join(' and ')} only.`,
    fix: 'open the page it belongs to',
  })
}
