import { html, theirs, type Html } from '../web/html.ts'
import type { FieldErrors } from '../web/fields.ts'
import { newPasswordField } from './claim.ts'
import { layout, type Place } from './layout.ts'
import { alert, field, firstOf, or, upstreamLinks } from './parts.ts'

/** What the person is signing in for; the command line names its device. */
export interface SignInFor {
  readonly path: string
  readonly device: string | undefined
}

/** Who are you: by password, by an upstream, or by either. */
export function signInPage(
  place: Place,
  page: {
    readonly target: SignInFor
    readonly hasEmbedded: boolean
    readonly canSignUp: boolean
    readonly links: readonly { readonly name: string; readonly href: string }[]
    readonly email: string
    readonly errors: FieldErrors
  },
): Html {
  const { target, hasEmbedded, links, errors } = page
  return layout(place, {
    title: 'Sign in',
    main: html`<h1>Sign in to Norrix</h1>
${reason(target)}
${alert(errors.form)}
${hasEmbedded && passwordForm(page)}
${hasEmbedded && links.length > 0 && or}
${links.length > 0 && upstreamLinks(links, hasEmbedded ? 'plain' : 'primary')}
${page.canSignUp && html`<p class="aside">New here? <a href="${target.path}/sign-up">Create an account</a></p>`}
${cancel(target)}`,
  })
}

function passwordForm({ target, email, errors }: Parameters<typeof signInPage>[1]): Html {
  const isSecondTry = email !== ''
  return html`<form method="post" action="${target.path}/sign-in">
${field({ name: 'email', label: 'E-mail', type: 'email', autocomplete: 'username', value: email, focus: !isSecondTry }, errors)}
${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', focus: isSecondTry }, errors)}
<button class="button" type="submit">Sign in</button>
</form>`
}

/** A new local account, where anybody may have one. */
export function signUpPage(
  place: Place,
  page: {
    readonly target: SignInFor
    readonly values: { readonly name: string; readonly email: string }
    readonly errors: FieldErrors
  },
): Html {
  const { target, values, errors } = page
  const first = firstOf(['name', 'email', 'password'], errors)
  return layout(place, {
    title: 'Create an account',
    main: html`<h1>Create an account</h1>
${reason(target)}
${alert(errors.form)}
<form method="post" action="${target.path}/sign-up">
${field({ name: 'name', label: 'Your name', type: 'text', autocomplete: 'name', value: values.name, optional: true, focus: first === 'name' }, errors)}
${field({ name: 'email', label: 'E-mail', type: 'email', autocomplete: 'username', value: values.email, focus: first === 'email' }, errors)}
${newPasswordField(errors, first === 'password')}
<button class="button" type="submit">Create account</button>
</form>
<p class="aside">Have one already? <a href="${target.path}">Sign in</a></p>
${cancel(target)}`,
  })
}

function reason({ device }: SignInFor): Html {
  return device === undefined
    ? html`<p class="lead">To go on to the dashboard.</p>`
    : html`<p class="lead">For the Norrix CLI on <strong>${theirs(device)}</strong>. You are asked once more before it gets in.</p>`
}

/** So that a terminal need not wait for somebody who has changed their mind. */
function cancel({ path, device }: SignInFor): Html {
  if (device === undefined) return html``
  return html`<form class="aside" method="post" action="${path}/cancel"><button class="quiet" type="submit">Cancel this sign-in</button></form>`
}
