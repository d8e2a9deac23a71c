import { html, type Html } from '../web/html.ts'
import type { FieldErrors } from '../web/fields.ts'
import { layout, state, type Place } from './layout.ts'
import { alert, field } from './parts.ts'

/**
 * The code that a terminal shows. One that came with a link is not taken for read: links are written by others, and a code
 * of theirs would sign their terminal in (T16).
 */
export function devicePage(
  place: Place,
  page: { readonly code: string; readonly isFromLink: boolean; readonly errors: FieldErrors },
): Html {
  const { isFromLink, errors } = page
  const title = isFromLink ? 'Is this your code?' : 'Enter the code of your terminal'
  return layout(place, {
    title,
    main: html`<h1>${title}</h1>
<p class="lead">${
      isFromLink
        ? html`It came with the link, not from you. Go on only if the terminal in front of you shows the same.`
        : html`It is the one that <code>norrix sign-in</code> shows. You are asked once more before it gets in.`
    }</p>
${alert(errors.form)}
<form method="post" action="/device">
${field({ name: 'code', label: 'Code', type: 'text', autocomplete: 'off', look: 'code', value: page.code, focus: !isFromLink }, errors)}
${isFromLink && confirmation(errors)}
<button class="button" type="submit">Continue</button>
</form>
<p class="aside">Did somebody send you a code? Then stop here: it would sign <strong>them</strong> in as you.</p>`,
  })
}

function confirmation({ matches: problem }: FieldErrors): Html {
  return html`<input type="hidden" name="from" value="link">
<div class="field">
<label class="tick"><input type="checkbox" name="matches" value="yes" required${problem !== undefined && html` aria-invalid="true" aria-describedby="matches-problem"`}> My terminal shows exactly this code</label>
${problem !== undefined && html`<p class="problem" id="matches-problem">${problem}</p>`}
</div>`
}

/** The last page of a sign-in by code. The terminal hears of it at its next poll. */
export function endedPage(place: Place, how: 'approved' | 'refused'): Html {
  const isApproved = how === 'approved'
  return layout(place, {
    title: isApproved ? 'Signed in' : 'Not signed in',
    main: isApproved
      ? html`${state('done', html`The Norrix CLI is signed in`)}
<p>Go back to your terminal: it goes on within a few seconds. You can close this tab.</p>
<p class="small">Or go on to the <a href="/">dashboard</a>.</p>`
      : html`${state('stop', html`Nobody was signed in`)}
<p>The terminal is told. You can close this tab.</p>
<p class="small">If you did not ask for this, somebody else may have: do not enter codes that others send you.</p>`,
  })
}
