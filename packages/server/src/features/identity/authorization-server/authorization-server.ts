import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { errors } from 'oidc-provider'
import { Fault } from '@norrix/contract/fault'
import type { Db } from '../../../kernel/db/database.ts'
import { hashToken, type Secrets } from '../../../kernel/secrets.ts'
import type { Tables } from '../../../schema/index.ts'
import { removeGrant } from '../states.ts'
import { readDevice } from '../web/fields.ts'
import { commandLineClientId, dashboardClientId, type ClientId } from './clients.ts'
import { withFreshKeys } from './fresh-keys.ts'
import { browserMemorySeconds } from './policy.ts'
import { createProvider, sessionCookie, type ProviderDeps } from './provider.ts'

/** An authorization request on its way: the browser that carries it is waiting for a page of ours. */
export interface PendingRequest {
  readonly uid: string
  /** What the person has to do next. */
  readonly asks: 'sign-in' | 'consent'
  readonly client: ClientId
  /** What the command line calls its machine. */
  readonly device: string
  /** Who is signed in here, when it asks for consent. */
  readonly accountId: string | undefined
  /** The person asked to prove themselves again. */
  readonly afresh: boolean
  /** When the request came in; milliseconds since 1970. */
  readonly startedAt: number
}

/**
 * Our own authorization server (ruling 1): OAuth 2.1 code flow with PKCE for the command line and the dashboard, opaque
 * tokens, all state in `oidc_states`. This folder alone knows which library does it.
 *
 * A request comes in at `/authorize`; where a person is needed, the browser is sent to the request's page, and the pages
 * call `signedIn`, `approve` or `deny`, each of which says where the browser goes on. A request lives 15 minutes, in one
 * browser, and is used once.
 */
export interface AuthorizationServer {
  owns(path: string): boolean
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>
  /** The request of a page. @throws Fault not_found when it is over, or belongs to another browser */
  pending(req: IncomingMessage, res: ServerResponse, uid: string): Promise<PendingRequest>
  /** The person has proved who they are. */
  signedIn(exchange: Exchange, accountId: string): Promise<string>
  /**
   * The person said yes.
   *
   * @param record called with the hash of the new grant, before anything can be had for it
   */
  approve(exchange: Exchange, record: (grantHash: string) => Promise<void>): Promise<string>
  deny(exchange: Exchange): Promise<string>
  /** Forgets who is signed in in this browser and asks the same request anew. */
  askAgain(exchange: Exchange): Promise<string>
  /** Who is signed in at the authorization server in this browser. */
  accountIdIn(req: IncomingMessage, res: ServerResponse): Promise<string | undefined>
  /** Remembers who has just proved who they are in this browser, so that a sign-in after it need not ask again. */
  remember(req: IncomingMessage, res: ServerResponse, accountId: string): Promise<void>
  /** Forgets who is signed in in this browser. Tokens that were given out live on. */
  forget(req: IncomingMessage, res: ServerResponse): Promise<void>
  /** Ends every token of a grant, in the caller's transaction. */
  endGrant(tx: Db<Pick<Tables, 'oidc_states'>>, grantHash: string): Promise<void>
}

export interface Exchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly request: PendingRequest
}

/** @throws Fault data_unusable */
export async function createAuthorizationServer(
  deps: Omit<ProviderDeps, 'keys' | 'dashboardSecret'> & { readonly secrets: Secrets },
): Promise<{ server: AuthorizationServer; dashboardSecret: string }> {
  // Known to this process alone, which is also the one that presents it.
  const dashboardSecret = randomBytes(32).toString('base64url')
  const fresh = await withFreshKeys(deps, (keys) =>
    wrap(createProvider({ ...deps, keys, dashboardSecret }), deps.cookies.https),
  )
  const server: AuthorizationServer = {
    owns: ownsPath,
    handle: async (req, res) => (await fresh()).handle(req, res),
    pending: async (req, res, uid) => (await fresh()).pending(req, res, uid),
    signedIn: async (exchange, accountId) => (await fresh()).signedIn(exchange, accountId),
    approve: async (exchange, record) => (await fresh()).approve(exchange, record),
    deny: async (exchange) => (await fresh()).deny(exchange),
    askAgain: async (exchange) => (await fresh()).askAgain(exchange),
    accountIdIn: async (req, res) => (await fresh()).accountIdIn(req, res),
    remember: async (req, res, accountId) => (await fresh()).remember(req, res, accountId),
    forget: async (req, res) => (await fresh()).forget(req, res),
    endGrant: (tx, grantHash) => removeGrant(tx, grantHash),
  }
  return { server, dashboardSecret }
}

const ownPaths = new Set([
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/authorize',
  '/token',
  '/jwks',
  '/revoke',
  '/userinfo',
])

function ownsPath(path: string): boolean {
  return ownPaths.has(path) || /^\/authorize\/[\w-]{20,}$/.test(path)
}

function wrap(provider: Provider, https: boolean): AuthorizationServer {
  const callback = provider.callback()
  const sessionOf = (req: IncomingMessage, res: ServerResponse) =>
    provider.Session.get(provider.createContext(req, res))

  return {
    owns: ownsPath,
    handle: (req, res) => callback(req, res),
    async pending(req, res, uid) {
      const interaction = await provider.interactionDetails(req, res).catch((cause: unknown) => {
        throw cause instanceof errors.SessionNotFound ? requestOver(cause) : cause
      })
      if (interaction.uid !== uid) throw requestOver(undefined)
      const { params, prompt, session, lastSubmission, iat } = interaction
      const startedAt = lastSubmission?.['startedAt']
      return {
        uid,
        asks: prompt.name === 'consent' ? 'consent' : 'sign-in',
        client: params['client_id'] === dashboardClientId ? dashboardClientId : commandLineClientId,
        device: readDevice(params['device']),
        accountId: session?.accountId,
        afresh: textOf(params['prompt']).split(' ').includes('login'),
        startedAt: typeof startedAt === 'number' ? startedAt : iat * 1000,
      }
    },
    async signedIn({ req, res, request }, accountId) {
      const interaction = await provider.interactionDetails(req, res)
      if (interaction.session && interaction.session.accountId !== accountId) {
        // Somebody else than before. The library would post a form by script here; our pages run none.
        await (await sessionOf(req, res)).destroy()
        delete interaction.session
        await interaction.persist()
      }
      const result = { login: { accountId }, startedAt: request.startedAt }
      return provider.interactionResult(req, res, result, { mergeWithLastSubmission: false })
    },
    async approve({ req, res, request }, record) {
      const { params } = await provider.interactionDetails(req, res)
      if (request.accountId === undefined) throw requestOver(undefined)
      const grant = new provider.Grant({ clientId: request.client, accountId: request.accountId })
      grant.addOIDCScope(textOf(params['scope']) || 'openid')
      const grantId = await grant.save()
      await record(hashToken(grantId))
      return provider.interactionResult(req, res, { consent: { grantId } })
    },
    deny: ({ req, res }) =>
      provider.interactionResult(req, res, {
        error: 'access_denied',
        error_description: 'The sign-in was refused in the browser.',
      }),
    async askAgain({ req, res }) {
      const interaction = await provider.interactionDetails(req, res)
      await (await sessionOf(req, res)).destroy()
      await interaction.destroy()
      const query = new URLSearchParams()
      for (const [name, value] of Object.entries(interaction.params)) {
        if (typeof value === 'string') query.set(name, value)
      }
      query.set('prompt', 'login')
      return `/authorize?${query}`
    },
    accountIdIn: async (req, res) => (await sessionOf(req, res)).accountId,
    async remember(req, res, accountId) {
      const context = provider.createContext(req, res)
      const session = await provider.Session.get(context)
      // What the browser held before is never carried on (T15).
      session.resetIdentifier()
      session.loginAccount({ accountId })
      await session.save(browserMemorySeconds)
      context.cookies.set(provider.cookieName('session'), session.jti, sessionCookie(https))
    },
    async forget(req, res) {
      const context = provider.createContext(req, res)
      const session = await provider.Session.get(context)
      await session.destroy()
      context.cookies.set(provider.cookieName('session'), null)
    },
    endGrant: (tx, grantHash) => removeGrant(tx, grantHash),
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function requestOver(cause: unknown): Fault {
  return new Fault('not_found', {
    message: 'This sign-in is over, or was begun in another browser.',
    fix: 'begin again where you came from: `norrix sign-in`, or the dashboard',
    cause,
  })
}
