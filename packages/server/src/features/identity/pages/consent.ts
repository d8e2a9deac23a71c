import { html, theirs, type Html } from '../web/html.ts'
import { layout, type Place } from './layout.ts'

/**
 * The one page that stands before every sign-in of a command line and is never skipped: any program on a machine can send
 * a browser here, so a person says yes (RFC 8252 section 8.6).
 */
export function consentPage(
  place: Place,
  page: {
    readonly path: string
    readonly device: string
    readonly system: string | undefined
    readonly account: { readonly email: string; readonly name: string | null }
    readonly signedInWith: string
    /** Of this browser. */
    readonly address: string
    /** Where a device asked for the code that was typed here. */
    readonly askedFrom: string | undefined
    readonly ageSeconds: number
  },
): Html {
  const { path, account } = page
  const isElsewhere = page.askedFrom !== undefined && !isSamePlace(page.askedFrom, page.address)
  return layout(place, {
    title: 'Sign in the Norrix CLI',
    main: html`<h1>Sign in the Norrix CLI on ${theirs(page.device)}?</h1>
<p class="lead">It may then do in your name what you may do here.</p>
<dl class="facts">
<dt>Account</dt><dd>${account.name !== null && html`${theirs(account.name)} · `}${theirs(account.email)}</dd>
<dt>Signed in with</dt><dd>${theirs(page.signedInWith)}</dd>
<dt>Environment</dt><dd>${theirs(place.name)} · ${new URL(place.publicUrl).host}</dd>
<dt>Device</dt><dd>${theirs(page.device)}${page.system !== undefined && html` · ${page.system}`}</dd>
<dt>Requested</dt><dd>${ageText(page.ageSeconds)}, from ${page.askedFrom ?? page.address}</dd>
${isElsewhere && html`<dt>You are at</dt><dd>${page.address}</dd>`}
</dl>
${isElsewhere && elsewhere}
<form method="post" action="${path}/consent">
<div class="pair">
<button class="button plain" type="submit" name="answer" value="cancel">Cancel</button>
<button class="button" type="submit" name="answer" value="sign-in">Sign in</button>
</div>
</form>
<p class="small">If you did not just type <code>norrix sign-in</code> there, choose Cancel.</p>
<form class="aside" method="post" action="${path}/another"><button class="quiet" type="submit">Use another account</button></form>`,
  })
}

/** This machine has one loopback address for each family. */
function isSamePlace(one: string, other: string): boolean {
  const loopback = ['127.0.0.1', '::1']
  return one === other || (loopback.includes(one) && loopback.includes(other))
}

/** It is so over SSH, and it is so when somebody talks a person into approving a terminal of theirs (T16). */
const elsewhere = html`<p class="warning" role="note">The terminal is at another address than this browser. That is right for a server or container that you work on from here, and for nothing else.</p>`

function ageText(seconds: number): string {
  if (seconds < 10) return 'just now'
  if (seconds < 90) return `${seconds} seconds ago`
  return `${Math.round(seconds / 60)} minutes ago`
}
