import { apiKeys } from '@norrix/contract/api-keys.operations'
import type { Scope } from '@norrix/contract/access.policy'
import { createClient, type Client } from '@norrix/contract/client'
import { orgs } from '@norrix/contract/orgs.operations'
import { sessions } from '@norrix/contract/sessions.operations'
import type { Org } from '@norrix/contract/types'
import type { NorrixServer } from '@norrix/server/server'
import type { Browser } from '../identity/browser.ts'
import { ownPage } from './people.ts'
import { temporaryHome } from './run-norrix.ts'
import { ana, claim, signIn } from './sign-in.ts'

/** Somebody who uses the dashboard and the command line of one server. */
export interface Resident {
  readonly email: string
  /** Holds the dashboard's cookie. */
  readonly browser: Browser
  /** Calls operations as the dashboard does. */
  readonly client: Client
  readonly orgId: string
  makeOrg(name: string): Promise<Org>
  makeKey(
    scopes?: readonly Scope[],
    more?: { readonly name?: string; readonly expiresAt?: string },
  ): Promise<{ readonly id: string; readonly secret: string }>
  revokeKey(id: string): Promise<void>
}

/** Claims a fresh server as `ana`, the browser done by fetch. */
export async function settleIn(
  server: Pick<NorrixServer, 'kind' | 'url'> & Parameters<typeof claim>[0],
): Promise<Resident> {
  const browser = await claim(server)
  const name = `norrix_${server.kind}_session`
  const client = createClient({
    baseUrl: server.url,
    headers: () => ({ ...ownPage(server.url), cookie: `${name}=${browser.cookie(name)}` }),
  })
  const [org] = (await client.call(sessions.whoami, {})).orgs
  if (!org) throw new Error('The claim made no organization.')
  const params = { orgId: org.id }
  return {
    email: ana.email,
    browser,
    client,
    orgId: org.id,
    makeOrg: (orgName) => client.call(orgs.create, { body: { name: orgName } }),
    async makeKey(scopes = ['build'], more = {}) {
      const body = { name: 'GitHub Actions', expiresAt: null, ...more, scopes: [...scopes] }
      const { apiKey, secret } = await client.call(apiKeys.create, { params, body })
      return { id: apiKey.id, secret }
    },
    async revokeKey(keyId) {
      await client.call(apiKeys.revoke, { params: { ...params, keyId }, body: {} })
    },
  }
}

/** A home in which `ana` has signed in to each of these servers, prod before dev. */
export async function signedInHome(
  ...servers: readonly Pick<NorrixServer, 'url' | 'kind'>[]
): Promise<{ readonly path: string; remove(): void }> {
  const home = temporaryHome()
  for (const { url, kind } of servers) {
    const words = kind === 'dev' ? ['--dev'] : []
    const { code, stderr } = await signIn(url, { home: home.path, words })
    if (code !== 0) throw new Error(stderr)
  }
  return home
}
