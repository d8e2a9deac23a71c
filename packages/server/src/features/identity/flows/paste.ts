import { Fault } from '@norrix/contract/fault'
import { pastePath } from '../authorization-server/clients.ts'
import { pastePage, refusedPastePage } from '../pages/paste.ts'
import { cookieOf, setCookie } from '../web/cookies.ts'
import { redirect, sendPage } from '../web/send.ts'
import { route, type FlowDeps, type PageRoute, type Visit } from './flow.ts'

/** As long as a code lives. */
const lifeSeconds = 60

/**
 * The way back of a sign-in that a person carries to the terminal by hand. The code leaves the address at once: it goes into
 * a cookie for this minute, and the page that shows it has an address without it (T11). Whoever else reads it cannot use it:
 * the terminal keeps the PKCE verifier, and takes its own state alone.
 */
export function pasteFlow(deps: FlowDeps): readonly PageRoute[] {
  return [route('GET', /^\/sign-in\/code$/, (visit) => arrive(deps, visit))]
}

async function arrive(deps: FlowDeps, visit: Visit): Promise<void> {
  const { config, cookies, place } = deps
  const { req, res, url } = visit
  const query = url.searchParams
  const name = cookies.forOrigin('paste')
  if (query.size === 0) {
    const answer = cookieOf(req, name)
    if (answer === undefined || !/^[\w-]{1,2000}$/.test(answer)) throw over()
    return sendPage(res, { status: 200, body: pastePage(place, `${answerPrefix}${answer}`) })
  }
  if (query.has('error')) return sendPage(res, { status: 200, body: refusedPastePage(place) })
  const [code, state] = [query.get('code') ?? '', query.get('state') ?? '']
  if (![code, state].every((text) => /^[\w-]{20,200}$/.test(text))) throw over()
  const answer = JSON.stringify({ code, state, iss: config.publicUrl })
  const value = Buffer.from(answer).toString('base64url')
  setCookie(res, { name, value, maxAgeSeconds: lifeSeconds, https: cookies.https })
  res.setHeader('Referrer-Policy', 'no-referrer')
  redirect(res, pastePath)
}

/** What the command line knows the string by. */
const answerPrefix = 'norrix-sign-in.'

function over(): Fault {
  return new Fault('not_found', {
    message:
      'There is nothing to copy here: it is shown for a minute, to the browser that signed in.',
    fix: 'in the terminal: `norrix sign-in` once more',
  })
}
