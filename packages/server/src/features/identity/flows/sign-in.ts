import { Fault } from '@norrix/contract/fault'
import type { PendingRequest } from '../authorization-server/authorization-server.ts'
import { signInPage, signUpPage } from '../pages/sign-in.ts'
import { readAccountFields, type FieldErrors } from '../web/fields.ts'
import { readForm } from '../web/form.ts'
import { redirect, sendPage } from '../web/send.ts'
import type { FlowDeps, Visit } from './flow.ts'
import { formsLeadTo, notPartOfThis, targetOf } from './pending.ts'

/** Signing in on our own page, by password, or choosing who vouches. */

interface SignInAgain {
  readonly email: string
  readonly errors: FieldErrors
  readonly status: 401 | 429
  readonly waitSeconds?: number
}

export function showSignIn(
  deps: FlowDeps,
  { res }: Visit,
  request: PendingRequest,
  again?: SignInAgain,
): void {
  const { upstreams, place } = deps
  const target = targetOf(request)
  const body = signInPage(place, {
    target,
    hasEmbedded: upstreams.hasEmbedded,
    canSignUp: canSignUp(deps),
    links: upstreams.external.map(({ id, name }) => ({ name, href: `${target.path}/with/${id}` })),
    email: again?.email ?? '',
    errors: again?.errors ?? {},
  })
  if (again?.waitSeconds !== undefined) res.setHeader('Retry-After', again.waitSeconds)
  sendPage(res, { status: again?.status ?? 200, body, formsLeadTo: formsLeadTo(request) })
}

export async function signIn(deps: FlowDeps, visit: Visit, request: PendingRequest): Promise<void> {
  const form = await readForm(visit.req)
  if (!deps.upstreams.hasEmbedded || request.asks !== 'sign-in') throw notPartOfThis()
  const email = form.get('email')?.trim().slice(0, 254) ?? ''
  const password = form.get('password') ?? ''
  const { address } = visit.origin
  const verdict = await deps.accounts.checkPassword({ email, password, address })
  if (verdict.kind === 'right') return goOn(deps, visit, request, verdict.account.id)
  deps.effects.log.info('identity.password_refused', { ...visit.origin, verdict: verdict.kind })
  if (verdict.kind === 'wrong') {
    const errors = { form: 'The e-mail address or the password is not right.' }
    return showSignIn(deps, visit, request, { email, errors, status: 401 })
  }
  const { seconds: waitSeconds } = verdict
  const errors = { form: `Too many tries. Wait ${waitSeconds} seconds, then try again.` }
  showSignIn(deps, visit, request, { email, errors, status: 429, waitSeconds })
}

export function showSignUp(
  deps: FlowDeps,
  { res }: Visit,
  request: PendingRequest,
  again?: { values: { name: string; email: string }; errors: FieldErrors },
): void {
  if (!canSignUp(deps)) throw notPartOfThis()
  const { values, errors } = again ?? { values: { name: '', email: '' }, errors: {} }
  const body = signUpPage(deps.place, { target: targetOf(request), values, errors })
  sendPage(res, { status: again ? 422 : 200, body, formsLeadTo: formsLeadTo(request) })
}

export async function signUp(deps: FlowDeps, visit: Visit, request: PendingRequest): Promise<void> {
  if (!canSignUp(deps) || request.asks !== 'sign-in') throw notPartOfThis()
  const { fields, errors } = readAccountFields(await readForm(visit.req))
  const values = { name: fields.name ?? '', email: fields.email }
  if (Object.keys(errors).length > 0) return showSignUp(deps, visit, request, { values, errors })
  const made = await deps.accounts.signUp(fields, visit.origin).catch((error: unknown) => {
    if (error instanceof Fault && error.code === 'conflict') return undefined
    throw error
  })
  if (made) return goOn(deps, visit, request, made.id)
  const taken = { email: 'There is an account for this address already.' }
  showSignUp(deps, visit, request, { values, errors: taken })
}

async function goOn(
  { server }: FlowDeps,
  visit: Visit,
  request: PendingRequest,
  accountId: string,
): Promise<void> {
  redirect(visit.res, await server.signedIn({ ...visit, request }, accountId))
}

function canSignUp({ upstreams, config }: FlowDeps): boolean {
  return upstreams.hasEmbedded && config.signUp.kind === 'open'
}
