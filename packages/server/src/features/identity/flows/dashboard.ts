import * as oidc from 'openid-client'
import { Fault } from '@norrix/contract/fault'
import { newToken } from '../../../kernel/secrets.ts'
import { dashboardCallbackPath, dashboardClientId } from '../authorization-server/clients.ts'
import { signedInPage, signedOutPage, unclaimedPage } from '../pages/notice.ts'
import { attemptFrom, isSameText, tagOf } from '../web/attempt.ts'
import { cookieOf, setCookie } from '../web/cookies.ts'
import { describeBrowser } from '../web/fields.ts'
import { safeReturnTo } from '../web/return-to.ts'
import { redirect, sendPage } from '../web/send.ts'
import { route, type FlowDeps, type PageRoute, type Visit } from './flow.ts'

const attemptSeconds = 15 * 60

/** The dashboard's own sign-in: a client of our authorization server like any other, but first party, so without consent. */
export function dashboardFlow(deps: FlowDeps): readonly PageRoute[] {
  const { server, sessions, cookies, config, claims, place } = deps
  const configuration = lazily(() => clientConfiguration(deps))
  const cookieName = (tag: string) => cookies.forOrigin(`sign_in_${tag}`)
  const redirectUri = `${config.publicUrl}${dashboardCallbackPath}`

  const begin = async ({ res, url }: Visit): Promise<void> => {
    if (config.signUp.kind !== 'open' && !(await claims.isClaimed())) {
      return sendPage(res, { status: 403, body: unclaimedPage(place) })
    }
    const secret = newToken('', deps.effects.random)
    const attempt = attemptFrom(secret)
    const returnTo = safeReturnTo(url.searchParams.get('return_to'), config.publicUrl)
    setCookie(res, {
      name: cookieName(attempt.tag),
      value: `${secret}.${Buffer.from(returnTo).toString('base64url')}`,
      maxAgeSeconds: attemptSeconds,
      https: cookies.https,
    })
    const authorize = oidc.buildAuthorizationUrl(configuration(), {
      redirect_uri: redirectUri,
      scope: 'openid',
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
    })
    redirect(res, authorize.href)
  }
  /** Only an answer to this browser's own attempt is acted on, a refusal too (T1, T2). */
  const finish = async (visit: Visit): Promise<void> => {
    const { req, res, url } = visit
    const state = url.searchParams.get('state')
    const tag = tagOf(state)
    const cookie = tag === undefined ? undefined : cookieOf(req, cookieName(tag))
    const [secret = '', returnTo = ''] = cookie?.split('.') ?? []
    const attempt = attemptFrom(secret)
    if (!cookie || state === null || !isSameText(state, attempt.state)) throw strayAnswer()
    setCookie(res, {
      name: cookieName(attempt.tag),
      value: '',
      maxAgeSeconds: 0,
      https: cookies.https,
    })
    const tokens = await oidc
      .authorizationCodeGrant(
        configuration(),
        new URL(url.pathname + url.search, config.publicUrl),
        {
          pkceCodeVerifier: attempt.verifier,
          expectedState: attempt.state,
          expectedNonce: attempt.nonce,
          idTokenExpected: true,
        },
      )
      .catch((cause: unknown) => {
        throw refused(cause)
      })
    const account = await deps.accounts.find(tokens.claims()?.sub ?? '')
    if (!account) throw strayAnswer()
    await start(visit, account)
    const target = Buffer.from(returnTo, 'base64url').toString()
    redirect(res, safeReturnTo(target, config.publicUrl))
  }
  /** A new session each time: what the browser held before is ended, never carried on (T15). */
  const start = async (
    { req, res, origin, agent }: Visit,
    account: { id: string; email: string; issuer: string },
  ): Promise<void> => {
    const before = cookieOf(req, sessions.cookieName)
    const device = describeBrowser(agent)
    const signedInWith = deps.upstreams.nameOf(account.issuer)
    const started = await deps.db.transaction(async (tx) => {
      if (before !== undefined) await sessions.endByCookie(tx, before)
      const session = { accountId: account.id, device, signedInWith, address: origin.address }
      const made = await sessions.startBrowser(tx, session)
      await deps.audit.record(tx, {
        actor: { kind: 'session', id: account.id, name: account.email },
        action: 'sessions.create',
        orgId: null,
        subjectId: made.id,
        details: { kind: 'browser', device, signedInWith },
        ...origin,
      })
      return made
    })
    setCookie(res, {
      name: sessions.cookieName,
      value: started.cookie,
      maxAgeSeconds: started.maxAgeSeconds,
      https: cookies.https,
    })
  }
  const signOut = async ({ req, res, origin, agent }: Visit): Promise<void> => {
    const cookie = cookieOf(req, sessions.cookieName)
    if (cookie !== undefined) {
      const facts = { address: origin.address, agent }
      const who = await sessions
        .authenticateCookie({ kind: 'cookie', value: cookie }, facts)
        .catch((error: unknown) => {
          if (error instanceof Fault) return undefined
          throw error
        })
      await deps.db.transaction(async (tx) => {
        await sessions.endByCookie(tx, cookie)
        if (!who) return
        await deps.audit.record(tx, {
          actor: { kind: 'session', id: who.accountId, name: who.email },
          action: 'sessions.end',
          orgId: null,
          subjectId: who.sessionId,
          ...origin,
        })
      })
    }
    await server.forget(req, res)
    setCookie(res, { name: sessions.cookieName, value: '', maxAgeSeconds: 0, https: cookies.https })
    redirect(res, '/signed-out')
  }

  return [
    route('GET', /^\/sign-in$/, begin),
    route('GET', /^\/signed-in\/dashboard$/, finish),
    route('GET', /^\/signed-in$/, async ({ req, res }) => {
      const accountId = await server.accountIdIn(req, res)
      const account = accountId === undefined ? undefined : await deps.accounts.find(accountId)
      sendPage(res, { status: 200, body: signedInPage(place, account?.email) })
    }),
    route('POST', /^\/sign-out$/, signOut),
    route('GET', /^\/signed-out$/, async ({ res }) =>
      sendPage(res, { status: 200, body: signedOutPage(place) }),
    ),
  ]
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

function lazily<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
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
