import { Fault } from '@norrix/contract/fault'
import type { AccountsTable } from '../../../schema/tables/accounts.ts'
import { claimConfirmPage, claimPage } from '../pages/claim.ts'
import { embedded } from '../upstreams/embedded.ts'
import { setCookie } from '../web/cookies.ts'
import { describeBrowser, readAccountFields, readOrgName, type FieldErrors } from '../web/fields.ts'
import { readForm } from '../web/form.ts'
import { redirect, sendPage } from '../web/send.ts'
import { route, type FlowDeps, type PageRoute, type Visit } from './flow.ts'

/** The way to the first owner: a page, then either a form of ours or an upstream and a form to confirm (ruling 14). */
export function claimFlow(deps: FlowDeps): readonly PageRoute[] {
  return [
    route('GET', /^\/claim$/, async (visit) => {
      const token = visit.url.searchParams.get('token') ?? ''
      await deps.claims.open(token)
      showForm(deps, visit, token)
    }),
    route('POST', /^\/claim$/, (visit) => claimByPassword(deps, visit)),
    route('GET', /^\/claim\/with\/([a-z0-9-]+)$/, (visit) => depart(deps, visit)),
    route('GET', /^\/claim\/confirm$/, (visit) =>
      showConfirm(deps, visit, visit.url.searchParams.get('trip') ?? ''),
    ),
    route('POST', /^\/claim\/confirm$/, (visit) => claimByUpstream(deps, visit)),
  ]
}

interface FormAgain {
  readonly values: { readonly name: string; readonly email: string; readonly orgName: string }
  readonly errors: FieldErrors
}

function showForm(
  { upstreams, place }: FlowDeps,
  { res }: Visit,
  token: string,
  again?: FormAgain,
): void {
  const links = upstreams.external.map(({ id, name }) => ({
    name,
    href: `/claim/with/${id}?token=${encodeURIComponent(token)}`,
  }))
  const { values, errors } = again ?? { values: { name: '', email: '', orgName: '' }, errors: {} }
  const { hasEmbedded } = upstreams
  const body = claimPage(place, { token, hasEmbedded, links, values, errors })
  sendPage(res, { status: again ? 422 : 200, body })
}

async function claimByPassword(deps: FlowDeps, visit: Visit): Promise<void> {
  const form = await readForm(visit.req)
  const token = form.get('token') ?? ''
  const { id } = await deps.claims.open(token)
  if (!deps.upstreams.hasEmbedded) throw notByPassword()
  const { fields, errors } = readAccountFields(form)
  const { orgName, error } = readOrgName(form)
  const all: FieldErrors = { ...errors, ...(error === undefined ? {} : { orgName: error }) }
  if (Object.keys(all).length > 0) {
    const values = { name: fields.name ?? '', email: fields.email, orgName }
    return showForm(deps, visit, token, { values, errors: all })
  }
  const account = await deps.accounts.prepareLocal(fields)
  await finish(deps, visit, { id, account, orgName, signedInWith: embedded.name })
}

async function depart(deps: FlowDeps, { res, url, path }: Visit): Promise<void> {
  const { id } = await deps.claims.open(url.searchParams.get('token') ?? '')
  const purpose = { kind: 'claim', claimId: id } as const
  const trip = { upstreamId: path[0] ?? '', purpose, afresh: false }
  redirect(res, (await deps.trips.depart(res, trip)).href)
}

async function showConfirm(
  { trips, upstreams, place }: FlowDeps,
  { req, res }: Visit,
  tag: string,
  again?: { readonly orgName: string; readonly errors: FieldErrors },
): Promise<void> {
  const arrived = await trips.peek(req, tag)
  if (arrived?.claimId === undefined) throw tripOver()
  const { email, issuer } = arrived.identified
  const upstreamName = upstreams.nameOf(issuer)
  const { orgName, errors } = again ?? { orgName: '', errors: {} }
  const body = claimConfirmPage(place, { tag, email, upstreamName, orgName, errors })
  sendPage(res, { status: again ? 422 : 200, body })
}

async function claimByUpstream(deps: FlowDeps, visit: Visit): Promise<void> {
  const { req, res } = visit
  const form = await readForm(req)
  const tag = form.get('trip') ?? ''
  const { orgName, error } = readOrgName(form)
  if (error !== undefined) {
    return showConfirm(deps, visit, tag, { orgName, errors: { orgName: error } })
  }
  const { identified, claimId } = await deps.trips.redeem(req, res, tag)
  if (claimId === undefined) throw tripOver()
  const account = deps.accounts.prepareExternal(identified)
  const signedInWith = deps.upstreams.nameOf(identified.issuer)
  await finish(deps, visit, { id: claimId, account, orgName, signedInWith })
}

/** Takes the server; the browser is signed in with it, so that neither the dashboard nor a command line asks again. */
async function finish(
  deps: FlowDeps,
  { req, res, origin, agent }: Visit,
  claim: { id: string; account: AccountsTable; orgName: string; signedInWith: string },
): Promise<void> {
  const { id, account, orgName, signedInWith } = claim
  const session = { device: describeBrowser(agent), signedInWith, address: origin.address }
  const started = await deps.claims.take({ id, account, orgName, session, origin })
  setCookie(res, {
    name: deps.sessions.cookieName,
    value: started.cookie,
    maxAgeSeconds: started.maxAgeSeconds,
    https: deps.cookies.https,
  })
  await deps.server.remember(req, res, account.id)
  redirect(res, '/')
}

function notByPassword(): Fault {
  return new Fault('bad_request', {
    message: 'This server has no accounts of its own.',
    fix: 'choose one of the ways that the claim page offers',
  })
}

function tripOver(): Fault {
  return new Fault('claim_closed', {
    message: 'This way of claiming took too long, or was finished already.',
    fix: 'open the claim link once more',
  })
}
