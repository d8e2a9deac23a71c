import type { Fault } from '@norrix/contract/fault'
import { html, theirs, type Html } from '../web/html.ts'
import { layout, state, type Place } from './layout.ts'

/** Where the command line sends the browser when it has its tokens: the code is gone from the address (T11). */
export function signedInPage(place: Place, email: string | undefined): Html {
  return layout(place, {
    title: 'Signed in',
    main: html`${state('done', html`The Norrix CLI is signed in`)}
<dl class="facts">
${email !== undefined && html`<dt>Account</dt><dd>${theirs(email)}</dd>`}
<dt>Environment</dt><dd>${theirs(place.name)} · ${new URL(place.publicUrl).host}</dd>
</dl>
<p>You can close this tab and go back to the terminal.</p>
<p class="small">Or go on to the <a href="/">dashboard</a>.</p>`,
  })
}

export function signedOutPage(place: Place): Html {
  return layout(place, {
    title: 'Signed out',
    main: html`${state('done', html`Signed out`)}
<p class="lead">This browser no longer has a session here. Command lines and API keys are as they were.</p>
<p class="choices"><a class="button" href="/sign-in">Sign in</a></p>`,
  })
}

/** A server that has no owner cannot let anybody in. */
export function unclaimedPage(place: Place): Html {
  return layout(place, {
    title: 'Not claimed yet',
    main: html`${state('stop', html`This server has no owner yet`)}
<p>Open the claim link that the server printed when it started. If it is older than 15 minutes, run <code>norrix-server owner-link</code> on the host: it prints a new one.</p>`,
  })
}

/** What went wrong, what to do, and what to tell whoever runs the server. */
export function faultPage(
  place: Place,
  page: {
    readonly fault: Fault
    readonly requestId: string
    readonly actions?: readonly { readonly label: string; readonly href: string }[]
    /** A request that waits: its command line can be told. */
    readonly cancelPath?: string | undefined
  },
): Html {
  const { fault, actions = [] } = page
  const buttons = actions.map(
    ({ label, href }) => html`<li><a class="button" href="${href}">${label}</a></li>`,
  )
  return layout(place, {
    title: headings[fault.code] ?? 'That did not work',
    main: html`${state('stop', html`${headings[fault.code] ?? 'That did not work'}`)}
<p>${prose(fault.message)}</p>
${fault.fix !== undefined && html`<p class="lead">${prose(capital(fault.fix))}.</p>`}
${buttons.length > 0 && html`<ul class="choices">${buttons}</ul>`}
${page.cancelPath !== undefined && html`<form class="aside" method="post" action="${page.cancelPath}"><button class="quiet" type="submit">Cancel this sign-in</button></form>`}
<p class="trace"><code>${fault.code}</code> <code>${page.requestId}</code></p>`,
  })
}

const headings: Partial<Record<Fault['code'], string>> = {
  no_account: 'No account here',
  claim_closed: 'This link is closed',
  not_found: 'Not found',
  rate_limited: 'Too many tries',
  upstream_failed: 'The sign-in service failed',
  sign_in_denied: 'Not signed in',
  internal: 'The server failed',
  unavailable: 'The server is busy',
  origin_refused: 'Not from here',
}

/** Our own sentences put commands between backticks; here they are set as code. */
function prose(text: string): Html {
  const parts = text.split('`')
  return html`<bdi>${parts.map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))}</bdi>`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
