import { Fault } from '@norrix/contract/fault'
import type { PendingRequest } from '../authorization-server/authorization-server.ts'
import { commandLineClientId } from '../authorization-server/clients.ts'
import { consentPage } from '../pages/consent.ts'
import { unclaimedPage } from '../pages/notice.ts'
import { signInPage, signUpPage, type SignInFor } from '../pages/sign-in.ts'
import { readAccountFields, type FieldErrors } from '../web/fields.ts'
import { readForm } from '../web/form.ts'
import { redirect, sendPage } from '../web/send.ts'
import { route, type FlowDeps, type PageRoute, type Step, type Visit } from './flow.ts'

/** Where the pages of one authorization request live; its cookie is for this path and what is below. */
export const requestPath = (uid: string): string => `/interaction/${uid}`

/** The pages of an authorization request: who are you, and may the command line in. */
export function requestFlow(deps: FlowDeps): readonly PageRoute[] {
  const { server, accounts, upstreams, trips, claims, place, config } = deps
  const withRequest =
    (step: (visit: Visit, request: PendingRequest) => Promise<void>): Step =>
    async (visit) => {
      const request = await server.pending(visit.req, visit.res, visit.path[0] ?? '')
      await step(visit, request)
    }
  const arrived = async (visit: Visit, request: PendingRequest, accountId: string) =>
    redirect(visit.res, await server.signedIn({ ...visit, request }, accountId))

  const depart = async (
    { res }: Visit,
    { uid, afresh }: Pick<PendingRequest, 'uid' | 'afresh'>,
    upstreamId: string,
  ) => {
    const purpose = { kind: 'request', uid } as const
    redirect(res, (await trips.depart(res, { upstreamId, purpose, afresh })).href)
  }
  const showSignIn = (
    { res }: Visit,
    request: PendingRequest,
    again?: { email: string; errors: FieldErrors; status: number; waitSeconds?: number },
  ): void => {
    const target = targetOf(request)
    const links = upstreams.external.map(({ id, name }) => ({
      name,
      href: `${target.path}/with/${id}`,
    }))
    const body = signInPage(place, {
      target,
      hasEmbedded: upstreams.hasEmbedded,
      canSignUp: upstreams.hasEmbedded && config.signUp.kind === 'open',
      links,
      email: again?.email ?? '',
      errors: again?.errors ?? {},
    })
    if (again?.waitSeconds !== undefined) res.setHeader('Retry-After', again.waitSeconds)
    sendPage(res, { status: again?.status ?? 200, body, formsLeadTo: formsLeadTo(request) })
  }
  const showSignUp = (
    { res }: Visit,
    request: PendingRequest,
    again?: { values: { name: string; email: string }; errors: FieldErrors },
  ): void => {
    if (!upstreams.hasEmbedded || config.signUp.kind !== 'open') throw closedSignUp()
    const values = again?.values ?? { name: '', email: '' }
    const body = signUpPage(place, {
      target: targetOf(request),
      values,
      errors: again?.errors ?? {},
    })
    sendPage(res, { status: again ? 422 : 200, body, formsLeadTo: formsLeadTo(request) })
  }
  const showConsent = async ({ res, origin }: Visit, request: PendingRequest): Promise<void> => {
    const account = await accounts.find(request.accountId ?? '')
    if (!account) throw closedSignUp()
    const body = consentPage(place, {
      path: requestPath(request.uid),
      device: request.device,
      account,
      signedInWith: upstreams.nameOf(account.issuer),
      address: origin.address,
      ageSeconds: Math.max(0, Math.round((deps.effects.now() - request.startedAt) / 1000)),
    })
    sendPage(res, { status: 200, body, formsLeadTo: formsLeadTo(request) })
  }
  const show = async (visit: Visit, request: PendingRequest): Promise<void> => {
    if (request.asks === 'consent') return showConsent(visit, request)
    if (config.signUp.kind !== 'open' && !(await claims.isClaimed())) {
      return sendPage(visit.res, { status: 403, body: unclaimedPage(place) })
    }
    const [only, ...others] = upstreams.external
    if (only && others.length === 0 && !upstreams.hasEmbedded) {
      return depart(visit, request, only.id)
    }
    showSignIn(visit, request)
  }

  const signIn = async (visit: Visit, request: PendingRequest): Promise<void> => {
    const form = await readForm(visit.req)
    const email = form.get('email')?.trim().slice(0, 254) ?? ''
    const password = form.get('password') ?? ''
    if (!upstreams.hasEmbedded) throw closedSignUp()
    const { address } = visit.origin
    const verdict = await accounts.checkPassword({ email, password, address })
    if (verdict.kind === 'right') return arrived(visit, request, verdict.account.id)
    if (verdict.kind === 'wait') {
      const { seconds } = verdict
      const errors = { form: `Too many tries. Wait ${seconds} seconds, then try again.` }
      return showSignIn(visit, request, { email, errors, status: 429, waitSeconds: seconds })
    }
    deps.effects.log.info('identity.password_refused', { ...visit.origin })
    const errors = { form: 'The e-mail address or the password is not right.' }
    showSignIn(visit, request, { email, errors, status: 401 })
  }
  const signUp = async (visit: Visit, request: PendingRequest): Promise<void> => {
    const { fields, errors } = readAccountFields(await readForm(visit.req))
    const values = { name: fields.name ?? '', email: fields.email }
    if (Object.keys(errors).length > 0) return showSignUp(visit, request, { values, errors })
    const made = await accounts.signUp(fields, visit.origin).catch((error: unknown) => {
      if (error instanceof Fault && error.code === 'conflict') return undefined
      throw error
    })
    if (made) return arrived(visit, request, made.id)
    const taken = { email: 'There is an account for this address already.' }
    showSignUp(visit, request, { values, errors: taken })
  }
  const approve = async (visit: Visit, request: PendingRequest): Promise<void> => {
    const account = await accounts.find(request.accountId ?? '')
    if (!account || request.asks !== 'consent') throw closedSignUp()
    const { device } = request
    const signedInWith = upstreams.nameOf(account.issuer)
    const location = await server.approve({ ...visit, request }, (grantHash) =>
      deps.db.transaction(async (tx) => {
        const { address } = visit.origin
        const session = { accountId: account.id, grantHash, device, signedInWith, address }
        const { id } = await deps.sessions.startCli(tx, session)
        await deps.audit.record(tx, {
          actor: { kind: 'session', id: account.id, name: account.email },
          action: 'sessions.create',
          orgId: null,
          subjectId: id,
          details: { kind: 'cli', device, signedInWith },
          ...visit.origin,
        })
      }),
    )
    redirect(visit.res, location)
  }
  const deny = async (visit: Visit, request: PendingRequest): Promise<void> =>
    redirect(visit.res, await server.deny({ ...visit, request }))

  return [
    route('GET', /^\/interaction\/([\w-]+)$/, withRequest(show)),
    route('POST', /^\/interaction\/([\w-]+)\/sign-in$/, withRequest(signIn)),
    route(
      'GET',
      /^\/interaction\/([\w-]+)\/sign-up$/,
      withRequest(async (visit, request) => showSignUp(visit, request)),
    ),
    route('POST', /^\/interaction\/([\w-]+)\/sign-up$/, withRequest(signUp)),
    route(
      'GET',
      /^\/interaction\/([\w-]+)\/with\/([a-z0-9-]+)$/,
      withRequest((visit, request) => {
        const afresh = request.afresh || visit.url.searchParams.has('afresh')
        return depart(visit, { uid: request.uid, afresh }, visit.path[1] ?? '')
      }),
    ),
    route(
      'GET',
      /^\/interaction\/([\w-]+)\/return$/,
      withRequest(async (visit, request) => {
        const tag = visit.url.searchParams.get('trip') ?? ''
        const { identified, claimId } = await trips.redeem(visit.req, visit.res, tag)
        if (claimId !== undefined) throw closedSignUp()
        const account = await accounts.admit(identified, visit.origin)
        await arrived(visit, request, account.id)
      }),
    ),
    route(
      'POST',
      /^\/interaction\/([\w-]+)\/consent$/,
      withRequest(async (visit, request) => {
        const answer = (await readForm(visit.req)).get('answer')
        await (answer === 'sign-in' ? approve(visit, request) : deny(visit, request))
      }),
    ),
    route('POST', /^\/interaction\/([\w-]+)\/cancel$/, withRequest(deny)),
    route(
      'POST',
      /^\/interaction\/([\w-]+)\/another$/,
      withRequest(async (visit, request) =>
        redirect(visit.res, await server.askAgain({ ...visit, request })),
      ),
    ),
  ]
}

function targetOf({ uid, client, device }: PendingRequest): SignInFor {
  return { path: requestPath(uid), device: client === commandLineClientId ? device : undefined }
}

function formsLeadTo({ client }: PendingRequest): 'command-line' | 'ourselves' {
  return client === commandLineClientId ? 'command-line' : 'ourselves'
}

function closedSignUp(): Fault {
  return new Fault('not_found', {
    message: 'This step is not part of the sign-in that is open in this browser.',
    fix: 'begin the sign-in again',
  })
}
