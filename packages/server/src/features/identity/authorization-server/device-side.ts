import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { hashToken, newToken } from '../../../kernel/secrets.ts'
import { commandLineClientId } from './clients.ts'
import {
  answerDeviceRequest,
  claimDeviceRequest,
  findDeviceRequest,
  releaseDeviceRequest,
  settleDeviceRequest,
  type DeviceRequest,
} from './device-codes.ts'
import { browserMemorySeconds, requestLifeSeconds } from './policy.ts'
import { sessionCookie, type ProviderDeps } from './provider.ts'
import { requestOver } from './request-over.ts'

/** The library's note of a request that waits in one browser. */
export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

interface Web {
  readonly req: IncomingMessage
  readonly res: ServerResponse
}

/**
 * A device's request in the browser that types its code. It goes through the same pages as one that comes by `/authorize`;
 * only its answer is not a redirect but waits for the device's next poll.
 */
export interface DeviceSide {
  /** The way to the pages of a code; undefined for one that does not wait, or waits for somebody else. */
  enter(web: Web, userCode: string): Promise<string | undefined>
  /** @throws Fault not_found when the code is over */
  requestOf(interaction: Interaction): Promise<DeviceRequest | undefined>
  signedIn(web: Web, step: Step & { readonly accountId: string }): Promise<string>
  approve(
    web: Web,
    step: Step & { readonly accountId: string },
    record: (grantHash: string) => Promise<void>,
  ): Promise<string>
  deny(web: Web, step: Step & { readonly accountId: string | undefined }): Promise<string>
  askAgain(web: Web, step: Step): Promise<string>
}

interface Step {
  readonly interaction: Interaction
  readonly request: DeviceRequest
}

export const approvedPath = '/device/approved'
export const refusedPath = '/device/refused'

export function deviceSide(provider: Provider, deps: ProviderDeps): DeviceSide {
  const sessionOf = ({ req, res }: Web) => provider.Session.get(provider.createContext(req, res))
  return {
    async enter(web, userCode) {
      const request = await findDeviceRequest(deps, { userCode })
      if (!request) return undefined
      const session = await sessionOf(web)
      const account = session.accountId && (await deps.findAccount(session.accountId))
      if (account && !(await claimDeviceRequest(deps, request, account.id))) return undefined
      return open(provider, deps, web, { request, session: account ? session : undefined })
    },
    async requestOf({ deviceCode: handle }) {
      if (handle === undefined) return undefined
      const request = await findDeviceRequest(deps, { handle })
      if (!request) throw requestOver(undefined)
      return request
    },
    async signedIn(web, { interaction, request, accountId }) {
      if (!(await claimDeviceRequest(deps, request, accountId))) throw requestOver(undefined)
      const session = await signInHere(provider, deps, web, accountId)
      interaction.session = { accountId, uid: session.uid, cookie: session.jti }
      interaction.prompt = { name: 'consent', reasons: [], details: {} }
      await interaction.persist()
      return deps.requestPath(interaction.uid)
    },
    async approve(web, { interaction, request, accountId }, record) {
      if (!(await settleDeviceRequest(deps, request, accountId))) throw requestOver(undefined)
      const asked = request.params['scope']
      const scope = new Set((typeof asked === 'string' ? asked : 'openid').split(' '))
      const grant = new provider.Grant({ clientId: commandLineClientId, accountId })
      grant.addOIDCScope([...scope].join(' '))
      const grantId = await grant.save()
      await record(hashToken(grantId))
      await answerDeviceRequest(deps, request, {
        accountId,
        grantId,
        scope: grant.getOIDCScopeFiltered(scope),
        authTime: (await sessionOf(web)).authTime(),
      })
      await interaction.destroy()
      return approvedPath
    },
    async deny(_web, { interaction, request, accountId }) {
      if (!(await settleDeviceRequest(deps, request, accountId ?? ''))) throw requestOver(undefined)
      const errorDescription = 'The sign-in was refused in the browser.'
      await answerDeviceRequest(deps, request, { error: 'access_denied', errorDescription })
      await interaction.destroy()
      return refusedPath
    },
    async askAgain(web, { interaction, request }) {
      const accountId = interaction.session?.accountId ?? ''
      if (!(await claimDeviceRequest(deps, request, accountId))) throw requestOver(undefined)
      await releaseDeviceRequest(deps, request)
      await (await sessionOf(web)).destroy()
      delete interaction.session
      interaction.params['prompt'] = 'login'
      interaction.prompt = { name: 'login', reasons: [], details: {} }
      await interaction.persist()
      return deps.requestPath(interaction.uid)
    },
  }
}

/** Remembers who has just proved who they are in this browser. What it held before is never carried on (T15). */
export async function signInHere(
  provider: Provider,
  { cookies }: Pick<ProviderDeps, 'cookies'>,
  { req, res }: Web,
  accountId: string,
) {
  const context = provider.createContext(req, res)
  const before = await provider.Session.get(context)
  const isOther = before.accountId !== undefined && before.accountId !== accountId
  if (isOther) await before.destroy()
  const session = isOther ? new provider.Session() : before
  session.resetIdentifier()
  session.loginAccount({ accountId })
  await session.save(browserMemorySeconds)
  context.cookies.set(provider.cookieName('session'), session.jti, sessionCookie(cookies.https))
  return session
}

/** Makes the request of a browser, as the library does at `/authorize`: a note, and a cookie for its pages alone. */
async function open(
  provider: Provider,
  deps: ProviderDeps,
  { req, res }: Web,
  { request, session }: { request: DeviceRequest; session: unknown },
): Promise<string> {
  const uid = newToken('', deps.effects.random)
  const left = Math.floor((request.expiresAt - deps.effects.now()) / 1000)
  const seconds = Math.max(1, Math.min(requestLifeSeconds, left))
  const Note = provider.Interaction as unknown as NoteConstructor // its type leaves the constructor out
  const path = deps.requestPath(uid)
  await new Note(uid, {
    returnTo: path,
    prompt: { name: session ? 'consent' : 'login', reasons: [], details: {} },
    params: { ...request.params },
    session,
    deviceCode: request.handle,
    trusted: [],
    cid: uid,
  }).save(seconds)
  provider.createContext(req, res).cookies.set(provider.cookieName('interaction'), uid, {
    ...sessionCookie(deps.cookies.https),
    path,
    maxAge: seconds * 1000,
  })
  return path
}

type NoteConstructor = new (
  uid: string,
  payload: Readonly<Record<string, unknown>>,
) => Pick<Interaction, 'save'>
