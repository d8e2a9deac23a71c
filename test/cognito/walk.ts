/**
 * What a browser would do between an authorize link and the way back to the app, done by fetch: follow
 * redirects, keep cookies, fill in the first form that has a password field. It knows the field names
 * of Cognito's classic hosted UI, which the double shares; the newer managed login is a script and
 * needs a real browser.
 */
export interface Walk {
  start: string | URL
  /** The walk ends, without a request, at the first redirect for which this holds. */
  isHome: (url: URL) => boolean
  username: string
  password: string
  jar?: CookieJar
}

export type WalkEnd =
  | { kind: 'home'; url: URL; formsFilled: number }
  | { kind: 'page'; url: URL; status: number; body: string }

/** Cookies by host name, ports ignored, as browsers keep them. */
export type CookieJar = Map<string, Map<string, string>>

const STEPS_MAX = 20

/** Ends at home, or on the page where no form and no redirect leads on (a wrong password, an error). */
export async function walkHome(walk: Walk): Promise<WalkEnd> {
  const jar = walk.jar ?? new Map()
  let step: Step = { url: new URL(walk.start), form: undefined }
  let formsFilled = 0
  for (let steps = 0; steps < STEPS_MAX; steps += 1) {
    if (walk.isHome(step.url)) return { kind: 'home', url: step.url, formsFilled }
    const response = await request(step, jar)
    const location = response.headers.get('location')
    const body = await response.text()
    const form = location === null ? loginForm(body, walk) : undefined
    if (location !== null) step = { url: new URL(location, step.url), form: undefined }
    else if (form !== undefined && formsFilled === 0) {
      step = { url: new URL(form.action, step.url), form: form.fields }
      formsFilled += 1
    } else return { kind: 'page', url: step.url, status: response.status, body }
  }
  throw new Error(`The walk from ${String(walk.start)} did not end within ${STEPS_MAX} steps`)
}

interface Step {
  url: URL
  form: URLSearchParams | undefined
}

async function request(step: Step, jar: CookieJar): Promise<Response> {
  const cookies = jar.get(step.url.hostname) ?? new Map<string, string>()
  jar.set(step.url.hostname, cookies)
  const response = await fetch(step.url, {
    redirect: 'manual',
    headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    ...(step.form === undefined ? {} : { method: 'POST', body: step.form }),
  })
  for (const line of response.headers.getSetCookie()) keep(cookies, line)
  return response
}

function keep(cookies: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';')
  const name = pair.slice(0, pair.indexOf('=')).trim()
  const value = pair.slice(pair.indexOf('=') + 1).trim()
  const isGone = attributes.some((attribute) => /^\s*max-age\s*=\s*(0|-\d+)\s*$/i.test(attribute))
  if (isGone) cookies.delete(name)
  else cookies.set(name, value)
}

function loginForm(
  page: string,
  walk: Walk,
): { action: string; fields: URLSearchParams } | undefined {
  const forms = [...page.matchAll(/<form\b(?<attributes>[^>]*)>(?<content>.*?)<\/form>/gis)]
  const form = forms.find((each) => /type=["']?password/i.test(each.groups?.['content'] ?? ''))
  if (form === undefined) return undefined
  const fields = new URLSearchParams()
  for (const [input] of (form.groups?.['content'] ?? '').matchAll(/<input\b[^>]*>/gi))
    if (attribute(input, 'type') === 'hidden')
      fields.set(attribute(input, 'name'), attribute(input, 'value'))
  fields.set('username', walk.username)
  fields.set('password', walk.password)
  return { action: attribute(form.groups?.['attributes'] ?? '', 'action'), fields }
}

function attribute(tag: string, name: string): string {
  const quoted = new RegExp(`\\b${name}=(?:"(?<double>[^"]*)"|'(?<single>[^']*)')`, 'i').exec(
    tag,
  )?.groups
  return unescape(quoted?.['double'] ?? quoted?.['single'] ?? '')
}

/** Undoes the character references that appear in addresses and tokens. */
function unescape(text: string): string {
  return text
    .replace(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)))
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}
