import { Fault } from '@norrix/contract/fault'
import { deviceCodeBuckets } from '../accounts/throttle.ts'
import { devicePage, endedPage } from '../pages/device.ts'
import type { FieldErrors } from '../web/fields.ts'
import { readForm } from '../web/form.ts'
import { redirect, sendPage } from '../web/send.ts'
import { route, type FlowDeps, type PageRoute, type Visit } from './flow.ts'

/** Where a person types the code that a terminal shows, and where they end (RFC 8628 section 3.3). */
export function deviceFlow(deps: FlowDeps): readonly PageRoute[] {
  const { place } = deps
  return [
    route('GET', /^\/device$/, async (visit) => {
      refuseWhenOff(deps)
      const fromLink = readable(visit.url.searchParams.get('user_code'))
      showForm(deps, visit, { code: fromLink ?? '', isFromLink: fromLink !== undefined })
    }),
    route('POST', /^\/device$/, (visit) => enter(deps, visit)),
    route('GET', /^\/device\/approved$/, async ({ res }) =>
      sendPage(res, { status: 200, body: endedPage(place, 'approved') }),
    ),
    route('GET', /^\/device\/refused$/, async ({ res }) =>
      sendPage(res, { status: 200, body: endedPage(place, 'refused') }),
    ),
  ]
}

interface Typed {
  readonly code: string
  /** Nobody has typed it: it came with the address, which somebody else may have written (T16). */
  readonly isFromLink: boolean
}

interface Problem {
  readonly status: 422 | 429
  readonly errors: FieldErrors
}

function showForm({ place }: FlowDeps, { res }: Visit, typed: Typed, problem?: Problem): void {
  const body = devicePage(place, { ...typed, errors: problem?.errors ?? {} })
  sendPage(res, { status: problem?.status ?? 200, body })
}

async function enter(deps: FlowDeps, visit: Visit): Promise<void> {
  refuseWhenOff(deps)
  const form = await readForm(visit.req)
  const typed = {
    code: readable(form.get('code')) ?? '',
    isFromLink: form.get('from') === 'link',
  }
  const problem = (status: Problem['status'], errors: FieldErrors) =>
    showForm(deps, visit, typed, { status, errors })
  if (typed.isFromLink && form.get('matches') !== 'yes') {
    return problem(422, {
      matches: 'Look at your terminal first, and tick this if it is the same.',
    })
  }
  const { server, codeGuesses, effects } = deps
  const { req, res, origin } = visit
  const account = await server.accountIdIn(req, res)
  const buckets = deviceCodeBuckets({ account, address: origin.address })
  const seconds = codeGuesses.waitSeconds(buckets)
  if (seconds > 0) {
    res.setHeader('Retry-After', seconds)
    return problem(429, { form: `Too many tries. Wait ${seconds} seconds, then try again.` })
  }
  // Counted before it is looked up, or a hundred at once would all find the buckets empty.
  codeGuesses.fail(buckets)
  const next = await server.enterCode(req, res, typed.code)
  if (next === undefined) {
    effects.log.info('identity.device_code_refused', { ...origin })
    return problem(422, { code: unknown })
  }
  codeGuesses.forgive(buckets)
  redirect(res, next)
}

/** One sentence for every code that does not wait for this person, so that it says nothing of others (T18). */
const unknown =
  'No terminal waits with this code. It may be mistyped, used, or older than 10 minutes.'

/** What may be shown again of what was typed. */
function readable(text: string | null): string | undefined {
  const trimmed = text?.trim() ?? ''
  return /^[A-Za-z0-9][A-Za-z0-9 -]{0,19}$/.test(trimmed) ? trimmed.toUpperCase() : undefined
}

function refuseWhenOff({ config }: FlowDeps): void {
  if (config.signIn.device) return
  throw new Fault('not_found', {
    message: 'Whoever runs this server has switched off signing in by a code.',
    fix: 'in the terminal: `norrix sign-in --no-browser`',
  })
}
