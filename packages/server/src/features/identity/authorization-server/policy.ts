import { interactionPolicy, type Configuration, type KoaContextWithOIDC } from 'oidc-provider'
import { commandLineClientId, dashboardClientId } from './clients.ts'

const minute = 60
const hour = 60 * minute
const day = 24 * hour

export const refreshIdleSeconds = 30 * day
export const refreshLifeSeconds = 90 * day
export const requestLifeSeconds = 15 * minute
/** How long a browser need not prove itself again for another sign-in. The consent page is asked all the same. */
export const browserMemorySeconds = 8 * hour

/** Lives of everything, in seconds (auth C1). */
export const lives: Configuration['ttl'] = {
  AccessToken: (_ctx, token) => (token.clientId === dashboardClientId ? minute : 10 * minute),
  AuthorizationCode: minute,
  DeviceCode: 10 * minute,
  Grant: (_ctx, grant) => (grant.clientId === dashboardClientId ? 5 * minute : refreshLifeSeconds),
  IdToken: 10 * minute,
  Interaction: requestLifeSeconds,
  RefreshToken: refreshIdleSeconds,
  Session: browserMemorySeconds,
}

/**
 * When a person is asked. Beside the library's own rules: somebody whose account is gone or disabled meanwhile has to sign
 * in again, and there is refused with a reason.
 */
export function promptPolicy(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base()
  const { Check } = interactionPolicy
  policy.get('login')?.checks.add(
    new Check('account_gone', 'the account is gone', (ctx) => {
      const { session, account } = (ctx as KoaContextWithOIDC).oidc // koa's type does not know what the library adds
      return session?.accountId !== undefined && account === undefined
    }),
  )
  return policy
}

/**
 * The command line gets a grant of its own at each sign-in, made when the person approves: that is what makes every
 * session end alone. Its earlier grants are never taken up again, so the consent page cannot be skipped (RFC 8252 8.6).
 * The dashboard is ourselves: it gets a short grant unasked.
 */
export async function findGrant(ctx: KoaContextWithOIDC) {
  const { client, provider, session, result } = ctx.oidc
  const approved = result?.consent?.grantId
  if (approved !== undefined) return provider.Grant.find(approved)
  if (client?.clientId !== dashboardClientId || session?.accountId === undefined) return undefined
  const grant = new provider.Grant({ clientId: dashboardClientId, accountId: session.accountId })
  grant.addOIDCScope('openid')
  await grant.save()
  return grant
}

export function isCommandLine(client: { clientId: string } | undefined): boolean {
  return client?.clientId === commandLineClientId
}
