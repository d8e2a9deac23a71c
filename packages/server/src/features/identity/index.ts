import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Database } from '../../kernel/db/database.ts'
import type { Effects } from '../../kernel/effects.ts'
import type { Secrets } from '../../kernel/secrets.ts'
import type { Tables } from '../../schema/index.ts'
import type { Audit } from '../audit/index.ts'
import type { Orgs } from '../orgs/index.ts'
import type { Sessions, SignInStates } from '../sessions/index.ts'
import { createPasswords, type PasswordCost } from './accounts/password.ts'
import { createAccounts } from './accounts/service.ts'
import { createThrottle } from './accounts/throttle.ts'
import { createAuthorizationServer } from './authorization-server/authorization-server.ts'
import { createClaims, type OwnerLink } from './claims/service.ts'
import type { IdentityConfig } from './config.ts'
import { claimFlow } from './flows/claim.ts'
import { dashboardFlow } from './flows/dashboard.ts'
import { deviceFlow } from './flows/device.ts'
import type { FlowDeps } from './flows/flow.ts'
import { farewellFlow } from './flows/farewell.ts'
import { pasteFlow } from './flows/paste.ts'
import { requestPath } from './flows/pending.ts'
import { callbackFlow, requestFlow } from './flows/request.ts'
import { createPages } from './pages-handler.ts'
import { protocolFaultPage } from './pages/protocol.ts'
import { removeBrowserMemories, removeStatesOf, sweepStates } from './states.ts'
import { createTrips } from './upstreams/trips.ts'
import { createUpstreams } from './upstreams/upstreams.ts'
import { findSessionOfGrant } from './views.ts'
import { tagOf } from './web/attempt.ts'
import { cookieNames } from './web/cookies.ts'
import { assets } from './web/send.ts'

export { rotateCookieKeys, rotateSigningKeys } from './authorization-server/keys.ts'
export { isClaimed } from './claims/store.ts'
export { checkUpstreams } from './upstreams/check.ts'
export { identityOperator } from './operator.ts'
export type { PasswordCost } from './accounts/password.ts'
export type { SignIn, SignUp, UpstreamConfig } from './config.ts'

/** What the outer listener knows of a request. */
export interface RequestFacts {
  readonly requestId: string
  readonly address: string
  /** `User-Agent`, shortened and without control characters. */
  readonly agent: string
}

/** Who people are: accounts, sign-in, and the authorization server that the command line speaks to. */
export interface Identity {
  /**
   * Answers the pages and endpoints of this feature; false when the path is none of them. Mounted as a raw Node handler
   * behind the listener that gives security headers and proves the origin (ruling 21), before any body is read.
   */
  handle(req: IncomingMessage, res: ServerResponse, facts: RequestFacts): Promise<boolean>
  /** How people sign in, such as `AWS Cognito` or `Norrix account`. */
  readonly signInNames: readonly string[]
  /** A fresh single-use link for the first owner, replacing older ones; undefined once the server is claimed. */
  ownerLink(): Promise<OwnerLink | undefined>
  isClaimed(): Promise<boolean>
  /** What ends with a session. */
  readonly states: SignInStates
}

export interface IdentityDeps {
  readonly db: Database<Tables>
  readonly effects: Effects
  readonly audit: Audit
  readonly orgs: Pick<Orgs, 'createWithOwner'>
  readonly sessions: Sessions
  readonly config: IdentityConfig
  readonly secrets: Secrets
  /** Only for tests; a server takes the default. */
  readonly passwordCost?: PasswordCost | undefined
  /** `http://127.0.0.1:<port>` of this very process; asked only once requests come. */
  readonly localOrigin: () => string
}

const flows = [
  claimFlow,
  dashboardFlow,
  deviceFlow,
  pasteFlow,
  farewellFlow,
  callbackFlow,
  requestFlow,
]

const sweepEveryMs = 10 * 60 * 1000

/** @throws Fault config_file, data_unusable, secrets_differ */
export async function identityFeature(deps: IdentityDeps): Promise<Identity> {
  const { db, effects, audit, orgs, sessions, config } = deps
  const { publicUrl, kind, name } = config
  const facts = new WeakMap<IncomingMessage, RequestFacts>()
  const requestIdOf = (req: IncomingMessage) => facts.get(req)?.requestId ?? 'unknown'
  const place = { kind, name, publicUrl, stylePath: assets.style.path, iconPath: assets.icon.path }
  const cookies = cookieNames(config)
  const upstreams = createUpstreams(config)
  const accounts = createAccounts({
    db,
    effects,
    audit,
    orgs,
    signUp: config.signUp,
    passwords: createPasswords(effects.random, deps.passwordCost),
    throttle: createThrottle(effects.now),
  })
  const claims = createClaims({ db, effects, audit, orgs, sessions, accounts, publicUrl })
  const trips = createTrips({ db, effects, cookies, upstreams, publicUrl })
  const { server, dashboardSecret } = await createAuthorizationServer({
    db,
    effects,
    cookies,
    publicUrl,
    secrets: deps.secrets,
    findAccount: (id) => accounts.find(id),
    requestPath,
    requestIdOf,
    addressOf: (req) => facts.get(req)?.address ?? 'unknown',
    offersDeviceCodes: config.signIn.device,
    showFault: (req, fault) => protocolFaultPage(place, { ...fault, requestId: requestIdOf(req) }),
    onGrantEnded: (grantHash, req) => recordEnd(deps, grantHash, facts.get(req)),
  })
  const flow: FlowDeps = {
    db,
    effects,
    audit,
    sessions,
    accounts,
    claims,
    codeGuesses: createThrottle(effects.now),
    upstreams,
    trips,
    server,
    cookies,
    config,
    place,
    dashboardSecret,
    localOrigin: deps.localOrigin,
  }
  const pages = createPages({
    routes: flows.flatMap((each) => each(flow)),
    place,
    log: effects.log,
    purposeOf: (req, url) => trips.purposeOf(req, tagOf(url.searchParams.get('state')) ?? ''),
  })
  const sweep = sweeper(deps)

  return {
    signInNames: upstreams.all.map((upstream) => upstream.name),
    ownerLink: () => claims.newLink(),
    isClaimed: () => claims.isClaimed(),
    states: {
      endGrant: (tx, grantHash) => server.endGrant(tx, grantHash),
      forgetBrowsersOf: removeBrowserMemories,
      endStatesOf: removeStatesOf,
    },
    async handle(req, res, known) {
      const url = new URL(publicUrl + (req.url ?? '/'))
      const isProtocol = server.owns(url.pathname)
      facts.set(req, known)
      standAt(req, publicUrl)
      sweep()
      if (isProtocol) {
        await server.handle(req, res)
        return true
      }
      const { address, requestId, agent } = known
      return pages({ req, res, url, origin: { address, requestId }, agent })
    },
  }
}

/**
 * Makes the request say that it came to our public address, whatever `Host` or a proxy's headers claim: every link and
 * endpoint that the library writes follows from these (T87).
 */
function standAt(req: IncomingMessage, publicUrl: string): void {
  const { host, protocol } = new URL(publicUrl)
  req.headers.host = host
  req.headers['x-forwarded-proto'] = protocol.slice(0, -1)
  delete req.headers['x-forwarded-host']
  delete req.headers['x-forwarded-for']
}

/** A code used twice or a token given back: the session is over, and it is written down whose it was. */
async function recordEnd(
  { db, audit, sessions }: IdentityDeps,
  grantHash: string,
  facts: RequestFacts | undefined,
): Promise<void> {
  const session = await findSessionOfGrant(db.kysely, grantHash)
  if (!session) return
  await db.transaction(async (tx) => {
    await sessions.endByGrant(tx, grantHash)
    await audit.record(tx, {
      actor: { kind: 'session', id: session.account_id, name: session.email },
      action: 'sessions.revoke_tokens',
      orgId: null,
      subjectId: session.id,
      address: facts?.address ?? 'unknown',
      requestId: facts?.requestId ?? 'unknown',
    })
  })
}

/** Clears expired rows now and then, on the way of some request: there is no timer to stop. */
function sweeper({ db, effects }: IdentityDeps): () => void {
  let next = 0
  return () => {
    const now = effects.now()
    if (now < next) return
    next = now + sweepEveryMs
    sweepStates(db.kysely, now).catch((cause: unknown) =>
      effects.log.warn('identity.sweep_failed', { cause }),
    )
  }
}
