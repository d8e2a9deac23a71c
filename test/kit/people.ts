import { randomBytes } from 'node:crypto'
import { apiKeys } from '@norrix/contract/api-keys.operations'
import { createClient, type Client } from '@norrix/contract/client'
import { sessions } from '@norrix/contract/sessions.operations'
import type { Scope } from '@norrix/contract/access.policy'
import type { NorrixServer } from '@norrix/server/server'

/** Somebody signed in to a dashboard, with what their browser would hold. */
export interface Person {
  readonly email: string
  readonly password: string
  readonly orgId: string
  /** `name=value` of the session. */
  readonly cookie: string
  /** Calls operations as the dashboard does: with the cookie, and the proof of origin that a browser adds. */
  readonly client: Client
}

/** Claims a fresh server through its page and its form, as its first owner does. */
export async function claim(
  server: NorrixServer,
  who: { email?: string; org?: string } = {},
): Promise<Person> {
  const { email = 'ana@example.com', org = 'Acme' } = who
  const password = `only for tests ${randomBytes(6).toString('hex')}`
  const link = await server.ownerLink()
  if (!link) throw new Error('This server is claimed already.')
  const token = new URL(link.url).searchParams.get('token') ?? ''
  const form = { token, orgName: org, name: '', email, password }
  const answer = await fetch(`${server.url}/claim`, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers: { ...ownPage(server.url), cookie: await pageCookies(link.url) },
    redirect: 'manual',
  })
  const cookie = sessionCookie(answer, server)
  const client = clientOf(server.url, { ...ownPage(server.url), cookie })
  const { orgs } = await client.call(sessions.whoami, {})
  const [first] = orgs
  if (!first) throw new Error('The claim made no organization.')
  return { email, password, orgId: first.id, cookie, client }
}

/** An API key, made as its form makes it. */
export async function makeKey(
  person: Person,
  scopes: Scope[] = ['build'],
  more: { name?: string; expiresAt?: string } = {},
): Promise<{ id: string; secret: string }> {
  const { secret, apiKey } = await person.client.call(apiKeys.create, {
    params: { orgId: person.orgId },
    body: { name: more.name ?? 'GitHub Actions', scopes, expiresAt: more.expiresAt ?? null },
  })
  return { id: apiKey.id, secret }
}

/** A client with a bearer credential of any kind. */
export function bearer(url: string, credential: string): Client {
  return clientOf(url, { authorization: `Bearer ${credential}` })
}

/** What a browser adds to a request from a page of ours. */
export const ownPage = (url: string): Record<string, string> => ({
  origin: url,
  'sec-fetch-site': 'same-origin',
})

function clientOf(baseUrl: string, headers: Record<string, string>): Client {
  return createClient({ baseUrl, headers: () => headers })
}

async function pageCookies(url: string): Promise<string> {
  const page = await fetch(url)
  await page.arrayBuffer()
  return page.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
}

function sessionCookie(answer: Response, server: NorrixServer): string {
  const name = `norrix_${server.kind}_session=`
  const line = answer.headers.getSetCookie().find((one) => one.startsWith(name))
  if (!line) throw new Error(`The claim gave no session (${answer.status}).`)
  return line.split(';')[0] ?? ''
}
