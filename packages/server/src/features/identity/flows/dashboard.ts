import * as oidc from 'openid-client'
import { Fault } from '@norrix/contract/fault'
import { newToken } from '../../../kernel/secrets.ts'
import type { Account } from '../accounts/account.ts'
import { dashboardCallbackPath, dashboardClientId } from '../authorization-server/clients.ts'
import { unclaimedPage } from '../pages/notice.ts'
import { attemptFrom, isSameText, tagOf } from '../web/attempt.ts'
import { cookieOf, setCookie } from '../web/cookies.ts'
import { describeBrowser } from '../web/fields.ts'
import { safeReturnTo } from '../web/return-to.ts'
import { redirect, sendPage } from '../web/send.ts'
import { route, type FlowDeps, type PageRoute, type Visit } from './flow.ts'

const attemptSeconds = 15 * 60

type Client = () => oidc.Configuration

/** The dashboard's own sign-in: a client of our authorization server like any other, but first party, so without consent. */
export function dashboardFlow(deps: FlowDeps): readonly PageRoute[] {
  let made: oidc.Configuration | undefined
  const client: Client = () => (made ??= clientConfiguration(deps))
  return [
    route('GET', /^\/sign-in$/, (visit) => begin(deps, client, visit)),
    route('GET', /^\/signed-in\/dashboard$/, (visit) => finish(deps, client, visit)),
  ]
}

const cookieName = ({ cookies }: FlowDeps, tag: string) => cookies.forOrigin(`sign_in_${tag}`)

async function begin(deps: FlowDeps, client: Client, { res, url }: Visit): Promise<void> {
  const { config, claims, place, cookies } = deps
  if (config.signUp.kind !== 'open' && !(await claims.isClaimed())) {
    return sendPage(res, { status: 403, body: unclaimedPage(place) })
  }
  const secret = newToken('', deps.effects.random)
  const attempt = attemptFrom(secret)
  const returnTo = safeReturnTo(url.searchParams.get('return_to'), config.publicUrl)
  setCookie(res, {
    name: cookieName(deps, attempt.tag),
    value: `${secret}.${Buffer.from(returnTo).toString('base64url')}`,
    maxAgeSeconds: attemptSeconds,
    https: cookies.https,
  })
  const authorize = oidc.buildAuthorizationUrl(client(), {
    redirect_uri: `${config.publicUrl}${dashboardCallbackPath}`,
    scope: 'openid',
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(attempt.verifier),
    code_challenge_method: 'S256',
  })
  redirect(res, authorize.href)
}

/** Only an answer to this browser's own attempt is acted on, a refusal too (T1, T2). */
async function finish(deps: FlowDeps, client: Client, visit: Visit): Promise<void> {
  const { req, res, url } = visit
  const { config, cookies } = deps
  const state = url.searchParams.get('state')
  const tag = tagOf(state)
  const cookie = tag === undefined ? undefined : cookieOf(req, cookieName(deps, tag))
  const [secret = '', returnTo = ''] = cookie?.split('.') ?? []
  const attempt = attemptFrom(secret)
  if (!cookie || state === null || !isSameText(state, attempt.state)) throw strayAnswer()
  const name = cookieName(deps, attempt.tag)
  setCookie(res, { name, value: '', maxAgeSeconds: 0, https: cookies.https })
  const callback = new URL(config.publicUrl + url.pathname + url.search)
  const checks = {
    pkceCodeVerifier: attempt.verifier,
    expectedState: attempt.state,
    expectedNonce: attempt.nonce,
    idTokenExpected: true,
  }
  const tokens = await oidc
    .authorizationCodeGrant(client(), callback, checks)
    .catch((cause: unknown) => {
      throw refused(cause)
    })
  const account = await deps.accounts.find(tokens.claims()?.sub ?? '')
  if (!account) throw strayAnswer()
  await startSession(deps, visit, account)
  const target = Buffer.from(returnTo, 'base64url').toString()
  redirect(res, safeReturnTo(target, config.publicUrl))
}

/** A new session each time: what the browser held before is ended, never carried on (T15). */
async function startSession(
  { db, sessions, audit, upstreams, cookies }: FlowDeps,
  { req, res, origin, agent }: Visit,
  account: Account,
): Promise<void> {
  const before = cookieOf(req, sessions.cookieName)
  const device = describeBrowser(agent)
  const signedInWith = upstreams.nameOf(account.issuer)
  const { cookie, maxAgeSeconds } = await db.transaction(async (tx) => {
    if (before !== undefined) await sessions.endByCookie(tx, before)
    const session = { accountId: account.id, device, signedInWith, address: origin.address }
    const made = await sessions.startBrowser(tx, session)
    await audit.record(tx, {
      actor: { kind: 'session', id: account.id, name: account.email },
      action: 'sessions.create',
      orgId: null,
      subjectId: made.id,
      details: { kind: 'browser', device, signedInWith },
      ...origin,
    })
    return made
  })
  const name = sessions.cookieName
  setCookie(res, { name, value: cookie, maxAgeSeconds, https: cookies.https })
}

/** Browsers are sent to our public address; the token request stays on this machine. */
function clientConfiguration({
  config,
  dashboardSecret,
  localOrigin,
}: FlowDeps): oidc.Configuration {
  const metadata = {
    issuer: config.publicUrl,
    authorization_endpoint: `${config.publicUrl}/authorize`,
    token_endpoint: `${localOrigin()}/token`,
    jwks_uri: `${localOrigin()}/jwks`,
    id_token_signing_alg_values_supported: ['ES256'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  }
  const authentication = oidc.ClientSecretPost(dashboardSecret)
  const made = new oidc.Configuration(metadata, dashboardClientId, undefined, authentication)
  oidc.allowInsecureRequests(made)
  return made
}

function strayAnswer(): Fault {
  return new Fault('bad_request', {
    message: 'This answer does not belong to a sign-in of this browser, or came too late.',
    fix: 'sign in again',
  })
}

function refused(cause: unknown): Fault {
  return new Fault('sign_in_denied', {
    message: 'The sign-in was not completed.',
    fix: 'sign in again',
    cause,
  })
}
