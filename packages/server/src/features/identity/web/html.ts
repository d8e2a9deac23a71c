/** Markup that was made here: everything that went into it is escaped. */
export interface Html {
  readonly markup: string
}

type Value = Html | string | number | undefined | false | readonly Html[]

/** Builds markup; every value that is not markup itself is escaped, in text and in quoted attributes alike (T10, T79). */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { markup: String.raw({ raw: parts.raw }, ...values.map(toMarkup)) }
}

/** Someone else's words: set apart, so that right-to-left letters in them cannot turn the sentence around. */
export function theirs(text: string): Html {
  return html`<bdi>${text}</bdi>`
}

function toMarkup(value: Value): string {
  if (value === undefined || value === false) return ''
  if (typeof value === 'string') return escape(value)
  if (typeof value === 'number') return String(value)
  if ('markup' in value) return value.markup
  return value.map(({ markup }) => markup).join('')
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes[character] ?? character)
}
