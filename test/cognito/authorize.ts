import { createHash, randomUUID, timingSafeEqual } from 'node:crypto'
import { cookieOf, html, redirect } from './exchange.ts'
import type { Call, Reply } from './exchange.ts'
import { loginPage } from './pages.ts'
import type { AppClient, CognitoUser, HostedSession, Pool } from './pool.ts'

/** Cognito: an authorization code lives 5 minutes and works once. */
export const CODE_LIFE_MS = 5 * 60_000
/** Cognito: the hosted page's cookie signs in again without a password for 1 hour. */
export const HOSTED_SESSION_MS = 60 * 60_000

interface AuthorizeRequest {
  client: AppClient
  redirectUri: string
  scopes: string[]
  prompt: string | undefined
  loginHint: string
  state: string | undefined
  nonce: string | undefined
  codeChallenge: string | undefined
}

type Verdict = { kind: 'sound'; request: AuthorizeRequest } | { kind: 'refused'; reply: Reply }

/** `GET /oauth2/authorize`: back to the app when the cookie still holds, else on to the login page. */
export async function authorize(pool: Pool, call: Call): Promise<Reply> {
  const verdict = judge(pool, call.url.searchParams)
  if (verdict.kind === 'refused') return verdict.reply
  const { request } = verdict
  const session = hostedSession(pool, call)
  if (session !== undefined && request.prompt !== 'login')
    return backWithCode(pool, { request, session })
  if (request.prompt === 'none') return backWithError(request, { error: 'login_required' })
  return redirect(`/login${call.url.search}`)
}

/** `GET /login` shows the form, `POST /login` takes it. Both carry the authorize request in the query. */
export async function login(pool: Pool, call: Call): Promise<Reply> {
  const verdict = judge(pool, call.url.searchParams)
  if (verdict.kind === 'refused') return verdict.reply
  const { request } = verdict
  if (call.method !== 'POST') return form(pool, call, { username: request.loginHint })
  const username = call.form.get('username') ?? ''
  if (!same(call.form.get('_csrf') ?? '', cookieOf(call, csrfCookie(pool)) ?? ''))
    return form(pool, call, { username, fault: 'Your session has expired. Please try again.' })
  const user = findUser(pool, username)
  if (user === undefined || !same(user.password, call.form.get('password') ?? ''))
    return form(pool, call, { username, fault: 'Incorrect username or password.' })
  if (user.disabled) return form(pool, call, { username, fault: 'User is disabled.' })
  return signedIn(pool, { request, user })
}

/**
 * The cookie's name holds the port. Real pool domains are separate hosts; two doubles share
 * 127.0.0.1, where cookies ignore ports, and would overwrite each other's.
 */
export function sessionCookie(pool: Pool): string {
  return `cognito-${new URL(pool.domainOrigin).port}`
}

/**
 * Checks an authorize request. A bad client or redirect ends on Cognito's own error page, since
 * nothing may be sent to an unregistered address; everything else goes back to the app
 * (AWS, "The redirect and authorization endpoint"; RFC 6749 section 4.1.2.1).
 */
function judge(pool: Pool, query: URLSearchParams): Verdict {
  const client = pool.clients.get(query.get('client_id') ?? '')
  if (client === undefined) return refused(redirect('/error?error=invalid_request'))
  const redirectUri = query.get('redirect_uri') ?? ''
  if (!client.callbackUrls.includes(redirectUri))
    return refused(redirect(`/error?error=redirect_mismatch&client_id=${client.clientId}`))
  const request = readRequest(client, query)
  const fault = faultOf(request, query)
  return fault === undefined ? { kind: 'sound', request } : refused(backWithError(request, fault))
}

function refused(reply: Reply): Verdict {
  return { kind: 'refused', reply }
}

function readRequest(client: AppClient, query: URLSearchParams): AuthorizeRequest {
  const asked = (query.get('scope') ?? '').split(' ').filter((scope) => scope !== '')
  return {
    client,
    redirectUri: query.get('redirect_uri') ?? '',
    scopes: asked.length === 0 ? client.scopes : asked,
    prompt: query.get('prompt') ?? undefined,
    loginHint: query.get('login_hint') ?? '',
    state: query.get('state') ?? undefined,
    nonce: query.get('nonce') ?? undefined,
    codeChallenge: query.get('code_challenge') ?? undefined,
  }
}

type Refusal = { error: string; error_description?: string }

function faultOf(request: AuthorizeRequest, query: URLSearchParams): Refusal | undefined {
  const responseType = query.get('response_type')
  if (responseType === 'token') return { error: 'unauthorized_client' }
  if (responseType !== 'code')
    return { error: 'invalid_request', error_description: 'invalid_response_type' }
  // Seen from live pools: the error is `invalid_request` and the description names the scope.
  if (!request.scopes.every((scope) => request.client.scopes.includes(scope)))
    return { error: 'invalid_request', error_description: 'invalid_scope' }
  const method = query.get('code_challenge_method')
  if ((request.codeChallenge !== undefined || method !== null) && method !== 'S256')
    return { error: 'invalid_request', error_description: 'code_challenge_method must be S256' }
  if (method !== null && request.codeChallenge === undefined)
    return { error: 'invalid_request', error_description: 'code_challenge is missing' }
  const provider = query.get('identity_provider')
  if (provider !== null && provider !== 'COGNITO')
    return { error: 'invalid_request', error_description: 'identity_provider is not configured' }
  return undefined
}

function backWithError(request: AuthorizeRequest, fault: Refusal): Reply {
  return backToApp(request, { ...fault })
}

function backWithCode(
  pool: Pool,
  turn: { request: AuthorizeRequest; session: HostedSession },
): Reply {
  const { request, session } = turn
  const code = randomUUID()
  pool.codes.set(code, {
    clientId: request.client.clientId,
    redirectUri: request.redirectUri,
    scopes: request.scopes,
    username: session.username,
    authTimeSeconds: session.authTimeSeconds,
    expiresAtMs: pool.now() + CODE_LIFE_MS,
    ...(request.nonce === undefined ? {} : { nonce: request.nonce }),
    ...(request.codeChallenge === undefined ? {} : { codeChallenge: request.codeChallenge }),
  })
  return backToApp(request, { code })
}

function backToApp(request: AuthorizeRequest, params: Record<string, string>): Reply {
  const url = new URL(request.redirectUri)
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value)
  if (request.state !== undefined) url.searchParams.set('state', request.state)
  return redirect(url.href)
}

function signedIn(pool: Pool, turn: { request: AuthorizeRequest; user: CognitoUser }): Reply {
  const id = randomUUID()
  const session: HostedSession = {
    username: turn.user.username,
    authTimeSeconds: Math.floor(pool.now() / 1000),
    expiresAtMs: pool.now() + HOSTED_SESSION_MS,
  }
  pool.hostedSessions.set(id, session)
  const reply = backWithCode(pool, { request: turn.request, session })
  const cookie = `${sessionCookie(pool)}=${id}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${HOSTED_SESSION_MS / 1000}`
  return { ...reply, headers: { ...reply.headers, 'set-cookie': [cookie] } }
}

function form(pool: Pool, call: Call, shown: { username: string; fault?: string }): Reply {
  const csrf = randomUUID()
  const page = html(200, loginPage({ action: `/login${call.url.search}`, csrf, ...shown }))
  const cookie = `${csrfCookie(pool)}=${csrf}; Path=/; HttpOnly; SameSite=Lax`
  return { ...page, headers: { ...page.headers, 'set-cookie': [cookie] } }
}

function csrfCookie(pool: Pool): string {
  return `XSRF-TOKEN-${new URL(pool.domainOrigin).port}`
}

function hostedSession(pool: Pool, call: Call): HostedSession | undefined {
  const session = pool.hostedSessions.get(cookieOf(call, sessionCookie(pool)) ?? '')
  if (session === undefined || session.expiresAtMs <= pool.now()) return undefined
  return pool.users.get(session.username)?.disabled === false ? session : undefined
}

/** A pool commonly lets people type their username or their mail address. */
function findUser(pool: Pool, typed: string): CognitoUser | undefined {
  return pool.users.get(typed) ?? [...pool.users.values()].find((user) => user.email === typed)
}

/** Equal and not empty; hashed first, as `timingSafeEqual` wants equal lengths. */
function same(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash('sha256').update(text).digest())
  return one !== '' && a !== undefined && b !== undefined && timingSafeEqual(a, b)
}
