import { html, theirs, type Html } from '../web/html.ts'
import { star } from './icon.ts'

/** What every page says of the server it belongs to. */
export interface Place {
  readonly kind: 'prod' | 'dev'
  /** What the environment is called in a sentence. */
  readonly name: string
  readonly publicUrl: string
  readonly stylePath: string
  readonly iconPath: string
}

/** One page. It works without script, by keyboard, at any width, in light and in dark. */
export function layout(place: Place, page: { readonly title: string; readonly main: Html }): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${page.title} · Norrix${place.kind === 'prod' ? '' : ` ${place.kind}`}</title>
<link rel="icon" href="${place.iconPath}" type="image/svg+xml">
<link rel="stylesheet" href="${place.stylePath}">
</head>
<body>
<header>${mark}<span class="word">norrix</span>${place.kind === 'dev' && html`<span class="pill">dev</span>`}</header>
<main>
${page.main}
</main>
<footer>${theirs(place.name)} · ${new URL(place.publicUrl).host}</footer>
</body>
</html>
`
}

/** A four-pointed north star. */
const mark = html`<svg class="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="${star}"/></svg>`

/** Done, or not to be done, at a glance; the heading says it in words. */
export function state(kind: 'done' | 'stop', heading: Html): Html {
  const path =
    kind === 'done'
      ? html`<path d="m8 12.5 2.7 2.7L16 9.5"/>`
      : html`<path d="M12 7.5v5.5M12 16.5v.01"/>`
  return html`<div class="state"><svg class="${kind}" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><circle cx="12" cy="12" r="10"/>${path}</svg><h1>${heading}</h1></div>`
}
