import { sessionCookie } from './authorize.ts'
import { cookieOf, redirect } from './exchange.ts'
import type { Call, Reply } from './exchange.ts'
import type { Pool } from './pool.ts'

/**
 * `GET /logout?client_id&logout_uri`: Cognito's own sign-out, not OpenID Connect's. It ends the hosted
 * cookie and no token. With `redirect_uri` and `response_type` in place of `logout_uri` it shows the
 * login page again.
 */
export async function logout(pool: Pool, call: Call): Promise<Reply> {
  const query = call.url.searchParams
  const client = pool.clients.get(query.get('client_id') ?? '')
  if (client === undefined) return redirect('/error?error=invalid_request')
  const target = query.get('logout_uri')
  if (target === null && query.get('redirect_uri') === null)
    return redirect('/error?error=invalid_request')
  if (target !== null && !client.logoutUrls.includes(target))
    return redirect(`/error?error=redirect_mismatch&client_id=${client.clientId}`)
  pool.hostedSessions.delete(cookieOf(call, sessionCookie(pool)) ?? '')
  const cleared = `${sessionCookie(pool)}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0`
  return redirect(target ?? `/login${call.url.search}`, [cleared])
}
