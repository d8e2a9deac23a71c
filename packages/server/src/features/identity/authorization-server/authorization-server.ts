import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Db } from '../../../kernel/db/database.ts'
import { hashToken, type Secrets } from '../../../kernel/secrets.ts'
import type { Tables } from '../../../schema/index.ts'
import { removeGrant } from '../states.ts'
import { readDevice, readSystem } from '../web/fields.ts'
import { commandLineClientId, dashboardClientId, type ClientId } from './clients.ts'
import type { DeviceRequest } from './device-codes.ts'
import { deviceSide, signInHere, type Interaction } from './device-side.ts'
import { withFreshKeys } from './fresh-keys.ts'
import { createProvider, type ProviderDeps } from './provider.ts'
import { requestOver } from './request-over.ts'

/** An authorization request on its way: the browser that carries it is waiting for a page of ours. */
export interface PendingRequest {
  readonly uid: string
  /** What the person has to do next. */
  readonly asks: 'sign-in' | 'consent'
  readonly client: ClientId
  /** What the command line calls its machine. */
  readonly device: string
  /** Such as `macOS`, if it says so. */
  readonly system: string | undefined
  /** Where a device asked for its code; undefined for a request that came by this very browser. */
  readonly askedFrom: string | undefined
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
 * A request comes in at `/authorize`, or at `/device-code` and then by a code that a person types (RFC 8628); where a person is needed, the browser is sent to the request's page, and the pages
 * call `signedIn`, `approve` or `deny`, each of which says where the browser goes on. A request lives 15 minutes, in one
 * browser, and is used once.
 */
export interface AuthorizationServer {
  owns(path: string): boolean
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>
  /** The way to the pages of a code that a person typed; undefined for one that does not wait, or waits for another person. */
  enterCode(
    req: IncomingMessage,
    res: ServerResponse,
    userCode: string,
  ): Promise<string | undefined>
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
    wrap({ ...deps, keys, dashboardSecret }, createProvider({ ...deps, keys, dashboardSecret })),
  )
  const server: AuthorizationServer = {
    owns: ownsPath,
    handle: async (req, res) => (await fresh()).handle(req, res),
    enterCode: async (req, res, userCode) => (await fresh()).enterCode(req, res, userCode),
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
  '/device-code',
])

function ownsPath(path: string): boolean {
  return ownPaths.has(path) || /^\/authorize\/[\w-]{20,}$/.test(path)
}

function wrap(deps: ProviderDeps, provider: Provider): AuthorizationServer {
  const callback = provider.callback()
  const devices = deviceSide(provider, deps)
  const sessionOf = (req: IncomingMessage, res: ServerResponse) =>
    provider.Session.get(provider.createContext(req, res))

  return {
    owns: ownsPath,
    handle: (req, res) => callback(req, res),
    enterCode: (req, res, userCode) => devices.enter({ req, res }, userCode),
    async pending(req, res, uid) {
      const interaction = await provider.interactionDetails(req, res).catch((cause: unknown) => {
        throw cause instanceof errors.SessionNotFound ? requestOver(cause) : cause
      })
      if (interaction.uid !== uid) throw requestOver(undefined)
      return toPending(interaction, await devices.requestOf(interaction))
    },
    async signedIn({ req, res, request }, accountId) {
      const interaction = await provider.interactionDetails(req, res)
      const byCode = await devices.requestOf(interaction)
      if (byCode) {
        return devices.signedIn({ req, res }, { interaction, request: byCode, accountId })
      }
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
      const interaction = await provider.interactionDetails(req, res)
      const { accountId } = request
      if (accountId === undefined) throw requestOver(undefined)
      const byCode = await devices.requestOf(interaction)
      if (byCode) {
        return devices.approve({ req, res }, { interaction, request: byCode, accountId }, record)
      }
      const grant = new provider.Grant({ clientId: request.client, accountId })
      grant.addOIDCScope(textOf(interaction.params['scope']) || 'openid')
      const grantId = await grant.save()
      await record(hashToken(grantId))
      return provider.interactionResult(req, res, { consent: { grantId } })
    },
    async deny({ req, res, request: { accountId } }) {
      const interaction = await provider.interactionDetails(req, res)
      const byCode = await devices.requestOf(interaction)
      if (byCode) return devices.deny({ req, res }, { interaction, request: byCode, accountId })
      return provider.interactionResult(req, res, {
        error: 'access_denied',
        error_description: 'The sign-in was refused in the browser.',
      })
    },
    async askAgain({ req, res }) {
      const interaction = await provider.interactionDetails(req, res)
      const byCode = await devices.requestOf(interaction)
      if (byCode) return devices.askAgain({ req, res }, { interaction, request: byCode })
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
      await signInHere(provider, deps, { req, res }, accountId)
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

function toPending(
  { uid, params, prompt, session, lastSubmission, iat }: Interaction,
  byCode: DeviceRequest | undefined,
): PendingRequest {
  const startedAt = lastSubmission?.['startedAt']
  return {
    uid,
    asks: prompt.name === 'consent' ? 'consent' : 'sign-in',
    client: params['client_id'] === dashboardClientId ? dashboardClientId : commandLineClientId,
    device: readDevice(params['device']),
    system: readSystem(params['system']),
    askedFrom: byCode?.address,
    accountId: session?.accountId,
    afresh: textOf(params['prompt']).split(' ').includes('login'),
    startedAt: typeof startedAt === 'number' ? startedAt : (byCode?.startedAt ?? iat * 1000),
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
