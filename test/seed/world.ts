import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { NorrixServer } from '@norrix/server/server'
import type { UpstreamConfig } from '@norrix/server/features/identity/index'
import { startCognitoDouble, type CognitoDouble } from '../cognito/double.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { fetchBound } from '../kit/proofs.ts'
import { claimIn, createKeyIn, leaveKeyDialog, type Who } from '../../tools/person-in-browser.ts'
import type { Scope } from '@norrix/contract/access.policy'
import { newMachine, type Machine, type StoredSession } from './machine.ts'

/** A served Norrix, prod and dev, with one way to sign in, and Ana, who owns both, at her browser. */
export interface World {
  readonly norrix: Norrix
  readonly signsInWith: 'Norrix account' | 'AWS Cognito'
  /** The user pool; undefined where Norrix keeps the accounts itself. */
  readonly pool: CognitoDouble | undefined
  /** Ana's browser: signed in to both dashboards. In Tokyo, where days end nine hours early. */
  readonly page: Page
  /** The organizations of prod and of dev, by name: `Acme` and `Nightly Lab` in each. */
  readonly orgs: Readonly<Record<'prod' | 'dev', Readonly<Record<'Acme' | 'Nightly Lab', string>>>>
  /** A browser that nobody has used. The caller closes it. */
  newBrowser(): Promise<BrowserContext>
  newMachine(): Machine
  /** Ana's own machine, signed in to both environments, `Acme` chosen in both. Made when first asked for. */
  anasMachine(): Promise<Machine>
  /** A key of `Acme` on prod that nobody revokes, called after its scopes. Made in the dashboard when first asked for. */
  keyWith(...scopes: readonly Scope[]): Promise<string>
  /** Turns the servers' clock to a moment while `work` goes on; milliseconds since 1970. */
  at<T>(moment: number, work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

export const ana: Who & { readonly username: string } = {
  username: 'ana',
  email: 'ana@example.com',
  password: 'Correct-horse-battery-9',
  orgName: 'Acme',
}

export interface WorldOptions {
  readonly upstream: 'embedded' | 'cognito'
  readonly browser: Browser
  readonly bin: () => string
  readonly node: string
}

/** Starts everything and has Ana claim both environments. */
export async function openWorld(options: WorldOptions): Promise<World> {
  let aheadMs = 0
  const pool = options.upstream === 'cognito' ? await startPool() : undefined
  const norrix = await startNorrix({
    kinds: ['prod', 'dev'],
    upstreams: [pool ? cognitoConfig(pool) : { kind: 'embedded' }],
    now: () => Date.now() + aheadMs,
  })
  const servers = [norrix.prod, norrix.dev]
  for (const { url } of servers) pool?.registerCallback(`${url}/sign-in/cognito/callback`)
  const context = await options.browser.newContext({
    locale: 'en-GB',
    timezoneId: 'Asia/Tokyo',
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const page = await context.newPage()
  const orgs = {
    prod: await claimAndSettle(page, norrix.prod, pool),
    dev: await claimAndSettle(page, norrix.dev, pool),
  }
  const machines: Machine[] = []
  const ownMachine = (): Machine => {
    const machine = newMachine({ bin: options.bin(), node: options.node })
    machines.push(machine)
    return machine
  }
  let anas: Promise<Machine> | undefined
  const keys = new Map<string, Promise<string>>()
  const world: World = {
    norrix,
    signsInWith: pool ? 'AWS Cognito' : 'Norrix account',
    pool,
    page,
    orgs,
    newBrowser: () => options.browser.newContext({ locale: 'en-GB' }),
    newMachine: ownMachine,
    anasMachine: () => (anas ??= settleIn(ownMachine(), world)),
    keyWith(...scopes) {
      const name = scopes.join(' and ')
      const key = keys.get(name) ?? makeKey(world, name, scopes)
      keys.set(name, key)
      return key
    },
    async at(moment, work) {
      aheadMs = moment - Date.now()
      try {
        return await work()
      } finally {
        aheadMs = 0
      }
    },
    async close() {
      machines.forEach((machine) => machine.remove())
      await context.close()
      await norrix.stop()
      await pool?.close()
    },
  }
  return world
}

/** Says who one is, on whatever page asks; a page of Cognito's where that is the upstream. */
export async function authenticate(page: Page, pool: CognitoDouble | undefined): Promise<void> {
  await page.getByLabel(pool ? 'Username' : 'E-mail').fill(pool ? ana.username : ana.email)
  await page.getByLabel('Password').fill(ana.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** Says yes on the page that asks whether the command line may come in. */
export async function consent(page: Page): Promise<void> {
  await page.getByRole('heading', { name: /^Sign in the Norrix CLI on / }).waitFor()
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL((at) => at.pathname === '/signed-in')
}

/** Signs a machine in without its opening a browser, by Ana's own; she is asked who she is where she was not before. */
export async function signIn(machine: Machine, page: Page, words: string): Promise<string> {
  const running = machine.start(`${words} --browser`, { env: { BROWSER: 'none' } })
  const [, address = ''] = await running.waitFor(/^ {2}(https?:\/\/\S+)$/m)
  await page.goto(address)
  const password = page.getByLabel('Password')
  await password.or(page.getByRole('heading', { name: /^Sign in the Norrix CLI/ })).waitFor()
  // Only Norrix itself asks again: at Cognito she has been ever since she claimed the servers.
  if (await password.isVisible()) await authenticate(page, undefined)
  await consent(page)
  const { code, stdout, stderr } = await running.ended
  if (code !== 0) throw new Error(`norrix ${words} ended with exit code ${code}:\n${stderr}`)
  return stdout
}

/** Dashboard → Settings → API Keys → Create API Key, and out of the dialog again. */
export async function makeKey(
  { page, norrix }: World,
  name: string,
  scopes: readonly Scope[],
): Promise<string> {
  const key = await createKeyIn(page, norrix.prod.url, { name, scopes })
  await leaveKeyDialog(page)
  return key
}

/** Asks a server who one is, with a session or an API key, as the command line does. */
export function whoami(
  server: { readonly url: string },
  credential: StoredSession | string,
): Promise<Response> {
  const url = `${server.url}/api/whoami`
  if (typeof credential !== 'string') {
    return fetchBound({ token: credential.accessToken, key: credential.key }, url)
  }
  return fetch(url, { headers: { authorization: `Bearer ${credential}` } })
}

/** What a pipeline has: a key and the address of its server. */
export function inCi(server: { readonly url: string }, key: string) {
  return { env: { NORRIX_API_KEY: key, NORRIX_API_URL: server.url } }
}

/** Dashboard → Runners → Add runner. Gives the runner's token. */
export async function addRunner({ page, norrix, orgs }: World, name: string): Promise<string> {
  await page.goto(`${norrix.prod.url}/o/${orgs.prod.Acme}/runners`)
  await page.getByRole('button', { name: 'Add runner' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByRole('button', { name: 'Add runner' }).click()
  const shown = dialog.getByText(/^nrr_[\w-]+$/).first()
  await shown.waitFor()
  return (await shown.innerText()).trim()
}

function startPool(): Promise<CognitoDouble> {
  const { username, password, email } = ana
  return startCognitoDouble({
    users: [{ username, password, email }],
    client: { clientSecret: true },
  })
}

function cognitoConfig(pool: CognitoDouble): UpstreamConfig {
  const { region, userPoolId, clientId, clientSecret, issuer } = pool
  const domain = pool.domainOrigin
  return { kind: 'cognito', region, userPoolId, domain, clientId, clientSecret, issuer }
}

async function claimAndSettle(
  page: Page,
  server: NorrixServer,
  pool: CognitoDouble | undefined,
): Promise<World['orgs']['prod']> {
  const link = await server.ownerLink()
  if (!link) throw new Error('The server is claimed already.')
  if (pool) await claimThroughCognito(page, link.url, pool)
  else await claimIn(page, link.url, ana)
  const acme = orgInAddress(await atBuilds(page))
  await page.getByRole('button', { name: /^Organization: / }).click()
  await page.getByRole('menuitem', { name: 'New organization' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Nightly Lab')
  await dialog.getByRole('button', { name: 'Create organization' }).click()
  await page.waitForURL((at) => /^\/o\/[^/]+\/builds$/.test(at.pathname) && !at.href.includes(acme))
  const lab = orgInAddress(page)
  await page.goto(`${server.url}/o/${acme}/builds`)
  await atBuilds(page)
  return { Acme: acme, 'Nightly Lab': lab }
}

async function claimThroughCognito(page: Page, link: string, pool: CognitoDouble): Promise<void> {
  await page.goto(link)
  await page.getByRole('link', { name: 'AWS Cognito' }).click()
  const username = page.getByLabel('Username')
  await username.or(page.getByLabel('Organization')).waitFor()
  // The second environment's claim finds the pool's own session, as it would at AWS.
  if (await username.isVisible()) await authenticate(page, pool)
  await page.getByLabel('Organization').fill(ana.orgName)
  await page.getByRole('button', { name: 'Claim this server' }).click()
}

async function atBuilds(page: Page): Promise<Page> {
  await page.waitForURL((at) => /^\/o\/[^/]+\/builds$/.test(at.pathname))
  await page.getByRole('heading', { name: 'Builds', exact: true }).waitFor()
  return page
}

function orgInAddress(page: Page): string {
  const [, id] = /^\/o\/(org_[0-9A-Za-z]+)\//.exec(new URL(page.url()).pathname) ?? []
  if (id === undefined) throw new Error(`There is no organization in ${page.url()}.`)
  return id
}

async function settleIn(machine: Machine, world: World): Promise<Machine> {
  const { page, norrix, orgs } = world
  await signIn(machine, page, `sign-in ${norrix.prod.url}`)
  // Nobody says where dev is: prod named its sibling.
  await signIn(machine, page, 'sign-in --dev')
  for (const words of [`orgs select ${orgs.prod.Acme}`, `orgs select ${orgs.dev.Acme} --dev`]) {
    const { code, stderr } = await machine.norrix(words)
    if (code !== 0) throw new Error(`norrix ${words}:\n${stderr}`)
  }
  return machine
}
