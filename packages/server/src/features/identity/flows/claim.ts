import { describeBrowser, readAccountFields, readOrgName, type FieldErrors } from '../web/fields.ts'
import { setCookie } from '../web/cookies.ts'
import { readForm } from '../web/form.ts'
import { redirect, sendPage } from '../web/send.ts'
import { Fault } from '@norrix/contract/fault'
import type { AccountsTable } from '../../../schema/tables/accounts.ts'
import { claimConfirmPage, claimPage } from '../pages/claim.ts'
import { embedded } from '../upstreams/embedded.ts'
import { route, type FlowDeps, type PageRoute, type Visit } from './flow.ts'

/** The way to the first owner: a page, then either a form of ours or an upstream and a form to confirm (ruling 14). */
export function claimFlow(deps: FlowDeps): readonly PageRoute[] {
  const { claims, accounts, upstreams, trips, place } = deps

  const showForm = (
    { res }: Visit,
    token: string,
    again?: { values: { name: string; email: string; orgName: string }; errors: FieldErrors },
  ): void => {
    const links = upstreams.external.map(({ id, name }) => ({
      name,
      href: `/claim/with/${id}?token=${encodeURIComponent(token)}`,
    }))
    const values = again?.values ?? { name: '', email: '', orgName: '' }
    const errors = again?.errors ?? {}
    const { hasEmbedded } = upstreams
    const body = claimPage(place, { token, hasEmbedded, links, values, errors })
    sendPage(res, { status: again ? 422 : 200, body })
  }
  const finish = async (
    visit: Visit,
    claim: { id: string; account: AccountsTable; orgName: string; signedInWith: string },
  ): Promise<void> => {
    const { id, account, orgName, signedInWith } = claim
    const device = describeBrowser(visit.agent)
    const session = { device, signedInWith, address: visit.origin.address }
    const started = await claims.take({ id, account, orgName, session, origin: visit.origin })
    setCookie(visit.res, {
      name: deps.sessions.cookieName,
      value: started.cookie,
      maxAgeSeconds: started.maxAgeSeconds,
      https: deps.cookies.https,
    })
    redirect(visit.res, '/')
  }

  return [
    route('GET', /^\/claim$/, async (visit) => {
      const token = visit.url.searchParams.get('token') ?? ''
      await claims.open(token)
      showForm(visit, token)
    }),
    route('POST', /^\/claim$/, async (visit) => {
      const form = await readForm(visit.req)
      const token = form.get('token') ?? ''
      const claim = await claims.open(token)
      if (!upstreams.hasEmbedded) throw notByPassword()
      const { fields, errors } = readAccountFields(form)
      const { orgName, error } = readOrgName(form)
      const all: FieldErrors = { ...errors, ...(error === undefined ? {} : { orgName: error }) }
      if (Object.keys(all).length > 0) {
        const values = { name: fields.name ?? '', email: fields.email, orgName }
        return showForm(visit, token, { values, errors: all })
      }
      const account = await accounts.prepareLocal(fields)
      await finish(visit, { id: claim.id, account, orgName, signedInWith: embedded.name })
    }),
    route('GET', /^\/claim\/with\/([a-z0-9-]+)$/, async (visit) => {
      const claim = await claims.open(visit.url.searchParams.get('token') ?? '')
      const purpose = { kind: 'claim', claimId: claim.id } as const
      const upstreamId = visit.path[0] ?? ''
      const url = await trips.depart(visit.res, { upstreamId, purpose, afresh: false })
      redirect(visit.res, url.href)
    }),
    route('GET', /^\/claim\/confirm$/, async ({ req, res, url }) => {
      const tag = url.searchParams.get('trip') ?? ''
      const arrived = await trips.peek(req, tag)
      if (!arrived) throw tripOver()
      const { email, issuer } = arrived.identified
      const upstreamName = upstreams.nameOf(issuer)
      const body = claimConfirmPage(place, { tag, email, upstreamName, orgName: '', errors: {} })
      sendPage(res, { status: 200, body })
    }),
    route('POST', /^\/claim\/confirm$/, async (visit) => {
      const { req, res } = visit
      const form = await readForm(req)
      const tag = form.get('trip') ?? ''
      const { orgName, error } = readOrgName(form)
      if (error !== undefined) {
        const arrived = await trips.peek(req, tag)
        if (!arrived) throw tripOver()
        const { email, issuer } = arrived.identified
        const upstreamName = upstreams.nameOf(issuer)
        const errors = { orgName: error }
        const body = claimConfirmPage(place, { tag, email, upstreamName, orgName, errors })
        return sendPage(res, { status: 422, body })
      }
      const { identified, claimId } = await trips.redeem(req, res, tag)
      if (claimId === undefined) throw tripOver()
      const account = accounts.prepareExternal(identified)
      const signedInWith = upstreams.nameOf(identified.issuer)
      await finish(visit, { id: claimId, account, orgName, signedInWith })
    }),
  ]
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
