/**
 * A browser done by fetch: it keeps cookies as browsers do (by host name, whatever the port), follows redirects, and sends
 * forms with the headers that a browser would send. It stops before an address that nobody serves.
 */
export class Browser {
  readonly #jar: Jar[] = []
  /** Every page seen, with what it set; for tests that look at headers. */
  readonly seen: Seen[] = []

  async open(address: string, options: Options = {}): Promise<Page> {
    return this.#go({ url: new URL(address), method: 'GET' }, options)
  }

  /** Sends the form whose action ends with `action`, hidden fields included. */
  async submit(page: Page, action: string, fields: Fields, options: Options = {}): Promise<Page> {
    const form = page.forms.find((each) => each.action.endsWith(action))
    if (!form) throw new Error(`No form for ${action} on ${page.url}: ${page.text}`)
    const body = new URLSearchParams({ ...form.hidden, ...fields })
    const url = new URL(form.action, page.url)
    return this.#go({ url, method: 'POST', body, from: page.url.origin }, options)
  }

  async follow(page: Page, text: string, options: Options = {}): Promise<Page> {
    const link = page.links.find((each) => each.text.includes(text))
    if (!link) throw new Error(`No link "${text}" on ${page.url}: ${page.text}`)
    return this.open(new URL(link.href, page.url).href, options)
  }

  async post(
    address: string,
    fields: Fields,
    options: Options & { from?: string } = {},
  ): Promise<Page> {
    const url = new URL(address)
    const body = new URLSearchParams(fields)
    return this.#go({ url, method: 'POST', body, from: options.from ?? url.origin }, options)
  }

  cookie(name: string): string | undefined {
    return this.#jar.find((cookie) => cookie.name === name)?.value
  }

  setCookie(url: string, name: string, value: string, path = '/'): void {
    this.#keep({ host: new URL(url).hostname, name, value, path })
  }

  get cookieNames(): readonly string[] {
    return this.#jar.map(({ name }) => name)
  }

  async #go(first: Step, { stopAt }: Options): Promise<Page> {
    let step = first
    for (let hops = 0; hops < 20; hops += 1) {
      if (stopAt?.(step.url)) return { ...blank, url: step.url }
      const response = await fetch(step.url, {
        method: step.method,
        redirect: 'manual',
        headers: { ...this.#headers(step), accept: 'text/html' },
        ...(step.body === undefined ? {} : { body: step.body }),
      })
      const cookies = response.headers.getSetCookie()
      for (const line of cookies) this.#read(step.url, line)
      this.seen.push({ url: step.url, status: response.status, headers: response.headers, cookies })
      const location = response.headers.get('location')
      const text = await response.text()
      if (location === null) return parse({ url: step.url, response, text })
      step = { url: new URL(location, step.url), method: 'GET' }
    }
    throw new Error(`Too many redirects from ${first.url}`)
  }

  #headers({ url, from }: Step): Record<string, string> {
    const cookies = this.#jar
      .filter(({ host, path }) => host === url.hostname && isUnder(url.pathname, path))
      .map(({ name, value }) => `${name}=${value}`)
    return {
      ...(cookies.length === 0 ? {} : { cookie: cookies.join('; ') }),
      ...(from === undefined
        ? {}
        : { origin: from, 'sec-fetch-site': from === url.origin ? 'same-origin' : 'same-site' }),
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36',
    }
  }

  #read(url: URL, line: string): void {
    const [pair = '', ...attributes] = line.split(/;\s*/)
    const at = pair.indexOf('=')
    const attribute = (name: string) =>
      attributes.find((each) => each.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1)
    const path = attribute('path') ?? '/'
    const cookie = { host: url.hostname, name: pair.slice(0, at), value: pair.slice(at + 1), path }
    const expires = attribute('expires')
    const gone =
      attribute('max-age') === '0' || (expires !== undefined && Date.parse(expires) < Date.now())
    this.#keep(cookie, gone)
  }

  #keep(cookie: Jar, gone = false): void {
    const at = this.#jar.findIndex(
      ({ host, name, path }) =>
        host === cookie.host && name === cookie.name && path === cookie.path,
    )
    if (at >= 0) this.#jar.splice(at, 1)
    if (!gone) this.#jar.push(cookie)
  }
}

export interface Page {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly title: string
  readonly links: readonly { readonly href: string; readonly text: string }[]
  readonly forms: readonly { readonly action: string; readonly hidden: Fields }[]
}

export type Fields = Readonly<Record<string, string>>

export interface Options {
  /** The walk ends, without a request, at the first address for which this holds. */
  readonly stopAt?: (url: URL) => boolean
}

interface Seen {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  readonly cookies: readonly string[]
}

interface Step {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly body?: URLSearchParams
  readonly from?: string
}

interface Jar {
  readonly host: string
  readonly name: string
  readonly value: string
  readonly path: string
}

const blank = { status: 0, headers: new Headers(), text: '', title: '', links: [], forms: [] }

function isUnder(pathname: string, path: string): boolean {
  return path === '/' || pathname === path || pathname.startsWith(`${path}/`)
}

function parse({ url, response, text }: { url: URL; response: Response; text: string }): Page {
  const forms = [...text.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(
    ([, tag = '', inside = '']) => ({
      action: attributeOf(tag, 'action'),
      hidden: Object.fromEntries(
        [...inside.matchAll(/<input\b[^>]*type="hidden"[^>]*>/g)].map(([input]) => [
          attributeOf(input, 'name'),
          attributeOf(input, 'value'),
        ]),
      ),
    }),
  )
  const links = [...text.matchAll(/<a\b([^>]*)>(.*?)<\/a>/gs)].map(([, tag = '', inside = '']) => ({
    href: attributeOf(tag, 'href'),
    text: decode(inside.replace(/<[^>]*>/g, '')),
  }))
  const title = decode(/<title>(.*?)<\/title>/s.exec(text)?.[1] ?? '')
  return { url, status: response.status, headers: response.headers, text, title, links, forms }
}

function attributeOf(tag: string, name: string): string {
  return decode(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? '')
}

function decode(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replace(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)))
    .replaceAll('&amp;', '&')
}
