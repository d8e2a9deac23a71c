import { html, type Html } from '../web/html.ts'
import type { FieldErrors, FieldName } from '../web/fields.ts'

export interface Field {
  readonly name: FieldName
  readonly label: string
  readonly type: 'text' | 'email' | 'password'
  readonly autocomplete: string
  readonly value?: string | undefined
  readonly hint?: string | undefined
  /** Typed from a screen: large, in capitals, all of one width. */
  readonly look?: 'code'
  readonly optional?: boolean
  readonly focus?: boolean
}

/** An input with its label, hint and mistake, tied together for whoever hears the page instead of seeing it. */
export function field(field: Field, errors: FieldErrors): Html {
  const { name, hint } = field
  const problem = errors[name]
  const describedBy = [hint && `${name}-hint`, problem && `${name}-problem`]
    .filter(Boolean)
    .join(' ')
  return html`<div class="field">
<label for="${name}">${field.label}${field.optional && html` <span class="optional">(optional)</span>`}</label>
<input id="${name}" name="${name}" type="${field.type}" value="${field.value ?? ''}" autocomplete="${field.autocomplete}"${attributes(field, problem, describedBy)}>
${problem !== undefined && html`<p class="problem" id="${name}-problem">${problem}</p>`}
${hint !== undefined && html`<p class="hint" id="${name}-hint">${hint}</p>`}
</div>`
}

function attributes(
  field: Field,
  problem: string | undefined,
  describedBy: string,
): readonly Html[] {
  return [
    ...(field.optional ? [] : [html` required`]),
    ...(field.type === 'email'
      ? [html` inputmode="email" autocapitalize="none" spellcheck="false"`]
      : []),
    ...(field.look === 'code'
      ? [html` class="code" maxlength="20" autocapitalize="characters" spellcheck="false"`]
      : []),
    ...(field.focus ? [html` autofocus`] : []),
    ...(problem === undefined ? [] : [html` aria-invalid="true"`]),
    ...(describedBy === '' ? [] : [html` aria-describedby="${describedBy}"`]),
  ]
}

/** What is wrong with a form as a whole; read aloud when the page opens. */
export function alert(message: string | undefined): Html {
  return message === undefined ? html`` : html`<p class="alert" role="alert">${message}</p>`
}

/** Which field to begin at: the first that has to be mended, else the first of all. */
export function firstOf(names: readonly FieldName[], errors: FieldErrors): FieldName | undefined {
  return names.find((name) => errors[name] !== undefined) ?? names[0]
}

/** Ways to go on elsewhere. They are links: a form's policy would hold against every address after them (ruling 26). */
export function upstreamLinks(
  links: readonly { readonly name: string; readonly href: string }[],
  look: 'primary' | 'plain',
): Html {
  const style = look === 'primary' ? 'button' : 'button plain'
  const items = links.map(
    ({ name, href }) => html`<li><a class="${style}" href="${href}">Continue with ${name}</a></li>`,
  )
  return html`<ul class="choices">${items}</ul>`
}

export const or = html`<div class="or">or</div>`
