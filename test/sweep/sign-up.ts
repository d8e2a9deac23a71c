import { sessions } from '@norrix/contract/sessions.operations'
import { createClient } from '@norrix/contract/client'
import type { NorrixServer } from '@norrix/server/server'
import { Browser } from '../identity/browser.ts'
import { ownPage, type Person } from '../kit/people.ts'

/**
 * Somebody who signs up by the pages, where the server lets everybody; with the personal organization that this
 * makes, and the browser, which is still signed in.
 */
export async function signUp(
  server: Pick<NorrixServer, 'kind' | 'url'>,
  email: string,
): Promise<Person & { readonly browser: Browser }> {
  const password = `only for tests, ${email.split('@')[0]}`
  const browser = new Browser()
  const signIn = await browser.open(`${server.url}/sign-in`)
  const form = await browser.follow(signIn, 'Create an account')
  await browser.submit(form, '/sign-up', { name: '', email, password })
  const name = `norrix_${server.kind}_session`
  const value = browser.cookie(name)
  if (value === undefined) throw new Error(`Signing up ${email} gave no session.`)
  const cookie = `${name}=${value}`
  const headers = { ...ownPage(server.url), cookie }
  const client = createClient({ baseUrl: server.url, headers: () => headers })
  const { orgs } = await client.call(sessions.whoami, {})
  return { email, password, orgId: orgs[0]?.id ?? '', cookie, client, browser }
}
