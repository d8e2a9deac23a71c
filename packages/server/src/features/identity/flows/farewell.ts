import { Fault } from '@norrix/contract/fault'
import type { SessionPrincipal } from '../../../http/principal.ts'
import { signedInPage, signedOutPage } from '../pages/notice.ts'
import { cookieOf, setCookie } from '../web/cookies.ts'
import { redirect, sendPage } from '../web/send.ts'
import { route, type FlowDeps, type PageRoute, type Visit } from './flow.ts'

/** The last page of a sign-in from the command line, and the end of a browser's session. */
export function farewellFlow(deps: FlowDeps): readonly PageRoute[] {
  const { server, accounts, place } = deps
  return [
    route('GET', /^\/signed-in$/, async ({ req, res }) => {
      const accountId = await server.accountIdIn(req, res)
      const account = accountId === undefined ? undefined : await accounts.find(accountId)
      sendPage(res, { status: 200, body: signedInPage(place, account?.email) })
    }),
    route('POST', /^\/sign-out$/, (visit) => signOut(deps, visit)),
    route('GET', /^\/signed-out$/, async ({ res }) =>
      sendPage(res, { status: 200, body: signedOutPage(place) }),
    ),
  ]
}

/**
 * Ends this browser's session and forgets who is signed in at the authorization server here. The other environment and
 * every command line go on as they were.
 */
async function signOut(deps: FlowDeps, visit: Visit): Promise<void> {
  const { req, res } = visit
  const { sessions, cookies, server } = deps
  const cookie = cookieOf(req, sessions.cookieName)
  if (cookie !== undefined) await endSession(deps, visit, cookie)
  await server.forget(req, res)
  setCookie(res, { name: sessions.cookieName, value: '', maxAgeSeconds: 0, https: cookies.https })
  redirect(res, '/signed-out')
}

async function endSession(deps: FlowDeps, visit: Visit, cookie: string): Promise<void> {
  const { db, sessions, audit } = deps
  const who = await holderOf(deps, visit, cookie)
  await db.transaction(async (tx) => {
    await sessions.endByCookie(tx, cookie)
    if (!who) return
    await audit.record(tx, {
      actor: { kind: 'session', id: who.accountId, name: who.email },
      action: 'sessions.end',
      orgId: null,
      subjectId: who.sessionId,
      ...visit.origin,
    })
  })
}

/** Whose session it is; undefined when it is over already. */
async function holderOf(
  { sessions }: FlowDeps,
  { origin, agent }: Visit,
  value: string,
): Promise<SessionPrincipal | undefined> {
  const facts = { address: origin.address, agent }
  return sessions.authenticateCookie({ kind: 'cookie', value }, facts).catch((error: unknown) => {
    if (error instanceof Fault) return undefined
    throw error
  })
}
