import { apiKeys } from '@norrix/contract/api-keys.operations'
import { createClient, type Client } from '@norrix/contract/client'
import { sessions } from '@norrix/contract/sessions.operations'
import type { Who } from '../person-in-browser.ts'
import type { Visitor } from './visitor.ts'

/**
 * Drives the server-rendered pages by their forms, as a browser without scripts would, and the dashboard's operations as the
 * dashboard calls them. For machines on which no browser starts.
 */
export function fetchVisitor(who: Who): Visitor {
  const jar = new Map<string, string>()
  const ids = new Map<string, string>()
  const filled: Readonly<Record<string, string>> = {
    orgName: who.orgName,
    name: '',
    email: who.email,
    password: who.password,
    answer: 'sign-in',
  }
  const open = async (url: string, form?: Readonly<Record<string, string>>): Promise<Landed> => {
    let next: { url: string; form?: Readonly<Record<string, string>> | undefined } = { url, form }
    for (let step = 0; step < 20; step++) {
      const answer = await send(next.url, next.form, jar)
      const location = answer.headers.get('location')
      if (location === null) return { url: next.url, html: await answer.text() }
      await answer.arrayBuffer()
      next = { url: new URL(location, next.url).href }
    }
    throw new Error(`There is no end of redirects at ${url}.`)
  }
  /** Submits the page's first form, and the next page's, until a page is reached that `isEnd`. */
  const walk = async (start: string, isEnd: (landed: Landed) => boolean): Promise<void> => {
    let landed = await open(start)
    for (let step = 0; step < 5 && !isEnd(landed); step++) {
      const form = readForm(landed, filled)
      if (!form) throw new Error(`${new URL(landed.url).pathname} has no form to fill in.`)
      landed = await open(form.action, form.fields)
    }
    if (!isEnd(landed)) throw new Error(`The way ended at ${new URL(landed.url).pathname}.`)
  }
  return {
    how: 'no browser starts here: the same pages by fetch',
    claim: (link) => walk(link, ({ url }) => !new URL(url).pathname.startsWith('/claim')),
    approve: (address) => walk(address, ({ url }) => new URL(url).pathname === '/signed-in'),
    async createKey(origin, name) {
      const { client, orgId } = await dashboard(origin, jar)
      const body = { name, scopes: ['build' as const] }
      const { apiKey, secret } = await client.call(apiKeys.create, { params: { orgId }, body })
      ids.set(name, apiKey.id)
      return secret
    },
    async revokeKey(origin, name) {
      const { client, orgId } = await dashboard(origin, jar)
      const params = { orgId, keyId: ids.get(name) ?? '' }
      await client.call(apiKeys.revoke, { params, body: {} })
    },
    close: async () => {},
  }
}

interface Landed {
  readonly url: string
  readonly html: string
}

async function send(
  url: string,
  form: Readonly<Record<string, string>> | undefined,
  jar: Map<string, string>,
): Promise<Response> {
  const { origin, host } = new URL(url)
  const cookies = [...jar].flatMap(([name, value]) =>
    name.startsWith(`${host} `) ? `${name.slice(host.length + 1)}=${value}` : [],
  )
  const answer = await fetch(url, {
    redirect: 'manual',
    headers: { cookie: cookies.join('; '), accept: 'text/html', ...ownPage(origin) },
    ...(form && { method: 'POST', body: new URLSearchParams(form) }),
  })
  for (const line of answer.headers.getSetCookie()) {
    const [pair = ''] = line.split(';')
    const at = pair.indexOf('=')
    jar.set(`${host} ${pair.slice(0, at)}`, pair.slice(at + 1))
  }
  return answer
}

const ownPage = (origin: string): Record<string, string> => ({
  origin,
  'sec-fetch-site': 'same-origin',
})

function readForm(
  { url, html }: Landed,
  filled: Readonly<Record<string, string>>,
): { action: string; fields: Record<string, string> } | undefined {
  const form = /<form[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/.exec(html)
  if (form?.[1] === undefined || form[2] === undefined) return undefined
  const fields: Record<string, string> = {}
  for (const [input] of form[2].matchAll(/<(?:input|button)[^>]*>/g)) {
    const name = /\sname="([^"]*)"/.exec(input)?.[1]
    if (name !== undefined)
      fields[name] = filled[name] ?? /\svalue="([^"]*)"/.exec(input)?.[1] ?? ''
  }
  return { action: new URL(form[1].replaceAll('&amp;', '&'), url).href, fields }
}

async function dashboard(
  origin: string,
  jar: Map<string, string>,
): Promise<{ client: Client; orgId: string }> {
  const { host } = new URL(origin)
  const cookie = [...jar]
    .filter(([name]) => name.startsWith(`${host} `))
    .map(([name, value]) => `${name.slice(host.length + 1)}=${value}`)
    .join('; ')
  const client = createClient({ baseUrl: origin, headers: () => ({ ...ownPage(origin), cookie }) })
  const { orgs } = await client.call(sessions.whoami, {})
  const [org] = orgs
  if (!org) throw new Error('There is no organization.')
  return { client, orgId: org.id }
}
