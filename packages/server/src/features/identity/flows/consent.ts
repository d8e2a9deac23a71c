import type { Account } from '../accounts/account.ts'
import type { PendingRequest } from '../authorization-server/authorization-server.ts'
import { consentPage } from '../pages/consent.ts'
import { readForm } from '../web/form.ts'
import { redirect, sendPage } from '../web/send.ts'
import type { FlowDeps, Visit } from './flow.ts'
import { formsLeadTo, notPartOfThis, requestPath } from './pending.ts'

/** "Sign in the Norrix CLI on this device?" */
export async function showConsent(
  deps: FlowDeps,
  { res, origin }: Visit,
  request: PendingRequest,
): Promise<void> {
  const account = await accountOf(deps, request)
  const body = consentPage(deps.place, {
    path: requestPath(request.uid),
    device: request.device,
    system: request.system,
    askedFrom: request.askedFrom,
    account,
    signedInWith: deps.upstreams.nameOf(account.issuer),
    address: origin.address,
    ageSeconds: Math.max(0, Math.round((deps.effects.now() - request.startedAt) / 1000)),
  })
  sendPage(res, { status: 200, body, formsLeadTo: formsLeadTo(request) })
}

/** Anything but a clear yes is a no. */
export async function answerConsent(
  deps: FlowDeps,
  visit: Visit,
  request: PendingRequest,
): Promise<void> {
  const answer = (await readForm(visit.req)).get('answer')
  const { server } = deps
  if (answer !== 'sign-in') {
    return redirect(visit.res, await server.deny({ ...visit, request }))
  }
  const account = await accountOf(deps, request)
  const location = await server.approve({ ...visit, request }, (grantHash) =>
    startSession(deps, visit, { account, grantHash, request }),
  )
  redirect(visit.res, location)
}

/** The session is there before anything can be had for the grant: no token lives outside the list of sessions. */
function startSession(
  { db, sessions, audit, upstreams }: FlowDeps,
  { origin }: Visit,
  { account, grantHash, request }: { account: Account; grantHash: string; request: PendingRequest },
): Promise<void> {
  const signedInWith = upstreams.nameOf(account.issuer)
  const { device, askedFrom } = request
  const address = askedFrom ?? origin.address
  return db.transaction(async (tx) => {
    const session = { accountId: account.id, grantHash, device, signedInWith, address }
    const { id } = await sessions.startCli(tx, session)
    await audit.record(tx, {
      actor: { kind: 'session', id: account.id, name: account.email },
      action: 'sessions.create',
      orgId: null,
      subjectId: id,
      details: { kind: 'cli', device, signedInWith, ...(askedFrom && { askedFrom }) },
      ...origin,
    })
  })
}

async function accountOf({ accounts }: FlowDeps, request: PendingRequest): Promise<Account> {
  if (request.asks !== 'consent') throw notPartOfThis()
  const account = await accounts.find(request.accountId ?? '')
  if (!account) throw notPartOfThis()
  return account
}
