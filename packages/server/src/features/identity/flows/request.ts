import type { PendingRequest } from '../authorization-server/authorization-server.ts'
import { unclaimedPage } from '../pages/notice.ts'
import { sendPage, redirect } from '../web/send.ts'
import { answerConsent, showConsent } from './consent.ts'
import { route, type FlowDeps, type PageRoute, type Step, type Visit } from './flow.ts'
import { notPartOfThis, requestPath } from './pending.ts'
import { showSignIn, showSignUp, signIn, signUp } from './sign-in.ts'

type RequestStep = (deps: FlowDeps, visit: Visit, request: PendingRequest) => Promise<void>

/** The pages of an authorization request: who are you, and may the command line in. */
export function requestFlow(deps: FlowDeps): readonly PageRoute[] {
  const of =
    (step: RequestStep): Step =>
    async (visit) => {
      const { req, res, path } = visit
      await step(deps, visit, await deps.server.pending(req, res, path[0] ?? ''))
    }
  return [
    route('GET', /^\/interaction\/([\w-]+)$/, of(show)),
    route('POST', /^\/interaction\/([\w-]+)\/sign-in$/, of(signIn)),
    route(
      'GET',
      /^\/interaction\/([\w-]+)\/sign-up$/,
      of(async (...visit) => showSignUp(...visit)),
    ),
    route('POST', /^\/interaction\/([\w-]+)\/sign-up$/, of(signUp)),
    route('GET', /^\/interaction\/([\w-]+)\/with\/([a-z0-9-]+)$/, of(goToUpstream)),
    route('GET', /^\/interaction\/([\w-]+)\/return$/, of(comeFromUpstream)),
    route('POST', /^\/interaction\/([\w-]+)\/consent$/, of(answerConsent)),
    route('POST', /^\/interaction\/([\w-]+)\/cancel$/, of(cancel)),
    route('POST', /^\/interaction\/([\w-]+)\/another$/, of(askAgain)),
  ]
}

const show: RequestStep = async (deps, visit, request) => {
  const { upstreams, config, claims, place } = deps
  if (request.asks === 'consent') return showConsent(deps, visit, request)
  if (config.signUp.kind !== 'open' && !(await claims.isClaimed())) {
    return sendPage(visit.res, { status: 403, body: unclaimedPage(place) })
  }
  const [only, ...others] = upstreams.external
  // With one way to sign in there is nothing to choose (ruling 1).
  if (only && others.length === 0 && !upstreams.hasEmbedded) {
    return depart(deps, visit, request, only.id)
  }
  showSignIn(deps, visit, request)
}

const goToUpstream: RequestStep = async (deps, visit, request) => {
  const afresh = request.afresh || visit.url.searchParams.has('afresh')
  await depart(deps, visit, { uid: request.uid, afresh }, visit.path[1] ?? '')
}

async function depart(
  { trips }: FlowDeps,
  { res }: Visit,
  { uid, afresh }: Pick<PendingRequest, 'uid' | 'afresh'>,
  upstreamId: string,
): Promise<void> {
  const purpose = { kind: 'request', uid } as const
  redirect(res, (await trips.depart(res, { upstreamId, purpose, afresh })).href)
}

const comeFromUpstream: RequestStep = async (deps, visit, request) => {
  const tag = visit.url.searchParams.get('trip') ?? ''
  const { identified, claimId } = await deps.trips.redeem(visit.req, visit.res, tag)
  if (claimId !== undefined) throw notPartOfThis()
  const account = await deps.accounts.admit(identified, visit.origin)
  redirect(visit.res, await deps.server.signedIn({ ...visit, request }, account.id))
}

const cancel: RequestStep = async ({ server }, visit, request) =>
  redirect(visit.res, await server.deny({ ...visit, request }))

const askAgain: RequestStep = async ({ server }, visit, request) => {
  if (request.asks !== 'consent') throw notPartOfThis()
  redirect(visit.res, await server.askAgain({ ...visit, request }))
}

/** The way back from an upstream. It only says who came; what that is good for is decided one step on. */
export function callbackFlow({ trips }: FlowDeps): readonly PageRoute[] {
  return [
    route('GET', /^\/sign-in\/([a-z0-9-]+)\/callback$/, async ({ req, res, url, path }) => {
      const { purpose, tag } = await trips.arrive(req, path[0] ?? '', url)
      const next =
        purpose.kind === 'claim' ? '/claim/confirm' : `${requestPath(purpose.uid)}/return`
      redirect(res, `${next}?trip=${tag}`)
    }),
  ]
}
