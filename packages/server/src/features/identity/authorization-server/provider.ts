import type { IncomingMessage } from 'node:http'
import { Provider, type Configuration } from 'oidc-provider'
import { Fault, faultTable } from '@norrix/contract/fault'
import type { Database } from '../../../kernel/db/database.ts'
import type { Effects } from '../../../kernel/effects.ts'
import { proofAlgorithms } from '../../../http/credential.ts'
import { faultHeaders } from '../../../http/faults.ts'
import { hashToken } from '../../../kernel/secrets.ts'
import type { Tables } from '../../../schema/index.ts'
import type { Account } from '../accounts/account.ts'
import type { CookieNames } from '../web/cookies.ts'
import type { Html } from '../web/html.ts'
import { setPageHeaders } from '../web/send.ts'
import { stateAdapter } from './adapter.ts'
import { alsoByHand, clientsOf } from './clients.ts'
import type { DeviceInfo } from './device-codes.ts'
import type { ServerKeys } from './keys.ts'
import { pollIntervalSeconds } from './poll-clock.ts'
import { findGrant, isCommandLine, lives, promptPolicy } from './policy.ts'
import { extendRefresh } from './refresh.ts'

/** Everything the library asks for. Each part of its surface that nothing here uses yet is switched off. */
export interface ProviderDeps {
  readonly db: Database<Tables>
  readonly effects: Effects
  readonly keys: ServerKeys
  readonly cookies: CookieNames
  readonly publicUrl: string
  readonly dashboardSecret: string
  /** Undefined when there is no such account, or it is disabled. */
  readonly findAccount: (id: string) => Promise<Account | undefined>
  /** Path of the page that asks the person. */
  readonly requestPath: (uid: string) => string
  /** The page for a fault that cannot be sent back to the client. */
  readonly showFault: (req: IncomingMessage, fault: { out: ProtocolError; error: unknown }) => Html
  /** A refresh token was given back, or a code was used twice: what hangs on the grant is over. */
  readonly onGrantEnded: (grantHash: string, req: IncomingMessage) => Promise<void>
  readonly requestIdOf: (req: IncomingMessage) => string
  readonly addressOf: (req: IncomingMessage) => string
  /** An operator may switch them off. */
  readonly offersDeviceCodes: boolean
}

/** Where a device asks for a code, and where its person types it. Not below it: what is there the library takes for its own pages. */
export const deviceCodePath = '/device-code'
export const devicePath = '/device'

/** As the library words it; `error_description` may hold what a client sent. */
export interface ProtocolError {
  readonly error: string
  readonly error_description?: string | undefined
}

export function createProvider(deps: ProviderDeps): Provider {
  const ended = new WeakMap<object, string[]>()
  const noteEnd = (ctx: { req: IncomingMessage } | undefined, grantHash: string) => {
    if (ctx) ended.set(ctx.req, [...(ended.get(ctx.req) ?? []), grantHash])
  }
  const provider = new Provider(
    deps.publicUrl,
    configurationOf(deps, (grantHash) => noteEnd(Provider.ctx, grantHash)),
  )
  // `prepare` in authorization-server.ts has replaced the forwarded headers by our own origin: links never follow a
  // `Host` that somebody sent (T87).
  provider.proxy = true
  alsoByHand(provider, deps.publicUrl)
  provider.on('device_authorization.success', (_ctx, answer) => {
    // RFC 8628 section 3.2 has a default for who leaves it out; here it is said.
    Object.assign(answer, { interval: pollIntervalSeconds })
  })
  provider.on('server_error', (ctx, error) => {
    const requestId = deps.requestIdOf(ctx.req)
    deps.effects.log.error('identity.protocol_failed', { requestId, error })
    // The library calls everything it does not know a failure of its own; a client may come back (T94).
    if (!(error instanceof Fault) || faultTable[error.code].status !== 503) return
    ctx.status = 503
    for (const [name, value] of Object.entries(faultHeaders(error))) ctx.set(name, value)
  })
  // What fails outside the library's own handlers; without a listener koa prints it itself.
  provider.onerror = (error) => deps.effects.log.error('identity.failed', { error })
  provider.on('grant.revoked', (ctx, grantId) => noteEnd(ctx, hashToken(grantId)))
  provider.use(async (ctx, next) => {
    await next()
    // No page of another origin has business here; the library would answer one with its own name (T86).
    ctx.remove('Access-Control-Allow-Origin')
    for (const grantHash of ended.get(ctx.req) ?? []) await deps.onGrantEnded(grantHash, ctx.req)
    await extendRefresh(ctx, deps)
  })
  return provider
}

/** How every cookie of the authorization server is set. */
export function sessionCookie(https: boolean) {
  return { httpOnly: true, sameSite: 'lax', secure: https, overwrite: true } as const
}

function configurationOf(deps: ProviderDeps, onReuse: (grantHash: string) => void): Configuration {
  const { cookies, keys, effects } = deps
  const flags = sessionCookie(cookies.https)
  return {
    adapter: stateAdapter({ db: deps.db, now: effects.now, onReuse }),
    clients: clientsOf(deps),
    jwks: { keys: keys.signing.map((key) => ({ ...key })) },
    cookies: {
      // Those of one request live under its own path, where `__Host-` cannot be.
      names: {
        session: cookies.forOrigin('authorization'),
        interaction: cookies.forPath('interaction'),
        resume: cookies.forPath('resume'),
      },
      long: flags,
      short: flags,
      keys: [...keys.cookies],
    },
    routes: {
      authorization: '/authorize',
      token: '/token',
      jwks: '/jwks',
      revocation: '/revoke',
      userinfo: '/userinfo',
      end_session: '/authorize/end',
      device_authorization: deviceCodePath,
      // Only named in answers: the page there is ours.
      code_verification: devicePath,
    },
    scopes: ['openid', 'offline_access', 'email', 'profile'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    responseTypes: ['code'],
    pkce: { required: () => true },
    extraParams: ['device', 'system'],
    clientAuthMethods: ['none', 'client_secret_post'],
    enabledJWA: {
      idTokenSigningAlgValues: ['ES256'],
      dPoPSigningAlgValues: [...proofAlgorithms],
    },
    clientBasedCORS: () => false,
    clockTolerance: 5,
    ttl: lives,
    findAccount: async (_ctx, id) => {
      const account = await deps.findAccount(id)
      return account && { accountId: id, claims: async () => claimsOf(account) }
    },
    interactions: {
      policy: promptPolicy(),
      url: (_ctx, interaction) => deps.requestPath(interaction.uid),
    },
    loadExistingGrant: findGrant,
    // Whether or not `offline_access` survived: the library drops it from a request without `prompt=consent`, and we
    // always ask.
    issueRefreshToken: async (_ctx, client) => isCommandLine(client),
    expiresWithSession: async () => false,
    // It is bound to a key, so it need not be rotated (RFC 9700 section 2.2.2), and any number of commands may refresh at once.
    rotateRefreshToken: false,
    renderError: async (ctx, out, error) => {
      setPageHeaders(ctx.res, 'ourselves')
      ctx.type = 'html'
      ctx.body = deps.showFault(ctx.req, { out, error }).markup
    },
    features: {
      devInteractions: { enabled: false },
      deviceFlow: {
        enabled: deps.offersDeviceCodes,
        // 34 bits and no vowels: easy to type, and never a word (RFC 8628 section 6.1).
        charset: 'base-20',
        mask: '****-****',
        deviceInfo: (ctx) =>
          ({ address: deps.addressOf(ctx.req), askedAt: effects.now() }) satisfies DeviceInfo,
      },
      dPoP: { enabled: true },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: true },
      revocation: {
        enabled: true,
        allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId,
      },
    },
  }
}

function claimsOf(account: Account) {
  return {
    sub: account.id,
    email: account.email,
    email_verified: account.emailVerified,
    ...(account.name === null ? {} : { name: account.name }),
  }
}
