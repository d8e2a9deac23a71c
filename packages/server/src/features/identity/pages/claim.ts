import { html, theirs, type Html } from '../web/html.ts'
import { passwordLengthMin, type FieldErrors } from '../web/fields.ts'
import { layout, type Place } from './layout.ts'
import { alert, field, firstOf, or, upstreamLinks } from './parts.ts'

/** The first page of a new server: whoever holds the link becomes its owner (ruling 14). */
export function claimPage(
  place: Place,
  page: {
    readonly token: string
    readonly hasEmbedded: boolean
    readonly links: readonly { readonly name: string; readonly href: string }[]
    readonly values: { readonly name: string; readonly email: string; readonly orgName: string }
    readonly errors: FieldErrors
  },
): Html {
  const { hasEmbedded, links, errors } = page
  return layout(place, {
    title: 'Claim this server',
    main: html`<h1>Claim this server</h1>
<p class="lead">Nobody owns it yet. You become its first owner, with an organization of your own.</p>
${alert(errors.form)}
${hasEmbedded && claimForm(page)}
${hasEmbedded && links.length > 0 && or}
${links.length > 0 && upstreamLinks(links, hasEmbedded ? 'plain' : 'primary')}
<p class="aside">This link works once. Until it is used, keep it to yourself.</p>`,
  })
}

function claimForm({ token, values, errors }: Parameters<typeof claimPage>[1]): Html {
  const first = firstOf(['orgName', 'name', 'email', 'password'], errors)
  return html`<form method="post" action="/claim">
<input type="hidden" name="token" value="${token}">
${orgField(values.orgName, errors, first === 'orgName')}
${field({ name: 'name', label: 'Your name', type: 'text', autocomplete: 'name', value: values.name, optional: true, focus: first === 'name' }, errors)}
${field({ name: 'email', label: 'E-mail', type: 'email', autocomplete: 'username', value: values.email, focus: first === 'email' }, errors)}
${newPasswordField(errors, first === 'password')}
<button class="button" type="submit">Claim this server</button>
</form>`
}

/** After an upstream has vouched for somebody: the act itself is theirs to confirm, a GET never claims. */
export function claimConfirmPage(
  place: Place,
  page: {
    readonly tag: string
    readonly email: string
    readonly upstreamName: string
    readonly orgName: string
    readonly errors: FieldErrors
  },
): Html {
  const { errors } = page
  return layout(place, {
    title: 'Claim this server',
    main: html`<h1>Claim this server</h1>
<p class="lead">${page.upstreamName} says that you are <strong>${theirs(page.email)}</strong>. You become the first owner, with an organization of your own.</p>
${alert(errors.form)}
<form method="post" action="/claim/confirm">
<input type="hidden" name="trip" value="${page.tag}">
${orgField(page.orgName, errors, true)}
<button class="button" type="submit">Claim this server</button>
</form>`,
  })
}

function orgField(value: string, errors: FieldErrors, focus: boolean): Html {
  const hint = 'Your company or team. It can be changed later.'
  return field(
    {
      name: 'orgName',
      label: 'Organization',
      type: 'text',
      autocomplete: 'organization',
      value,
      hint,
      focus,
    },
    errors,
  )
}

export function newPasswordField(errors: FieldErrors, focus: boolean): Html {
  const hint = `At least ${passwordLengthMin} characters. Several words make a good one.`
  return field(
    {
      name: 'password',
      label: 'Password',
      type: 'password',
      autocomplete: 'new-password',
      hint,
      focus,
    },
    errors,
  )
}
