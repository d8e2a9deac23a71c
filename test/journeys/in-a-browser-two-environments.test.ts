import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { apiKeys } from '@norrix/contract/api-keys.operations'
import type { Asked } from '@norrix/contract/client'
import { sessions } from '@norrix/contract/sessions.operations'
import { runners } from '@norrix/contract/runners.operations'
import type { NorrixServer } from '@norrix/server/server'
import { exchange, startCommandLine } from '../identity/command-line.ts'
import { clientIn, cookieIn, inABrowser, takeSeat, type Seat } from '../kit/in-a-browser.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { unpackCli } from '../kit/packed-cli.ts'
import { boundHeaders, proof } from '../kit/proofs.ts'
import { runNorrix } from '../kit/run-norrix.ts'
import { approveSignIn, claimIn } from '../../tools/person-in-browser.ts'

/** Both environments on localhost, side by side in one browser: cookies ignore ports (ruling 21). */
const people = {
  prod: { email: 'ana@example.com', password: 'correct horse battery', orgName: 'Acme' },
  dev: { email: 'ben@example.com', password: 'paper staple lantern', orgName: 'Nightly Lab' },
} as const
const kinds = ['prod', 'dev'] as const
type Kind = (typeof kinds)[number]
const otherOf = (kind: Kind): Kind => (kind === 'prod' ? 'dev' : 'prod')

await inABrowser((browser) => {
  let norrix: Norrix
  let folder: string
  let cli: string
  let seat: Seat
  let pages: Record<Kind, Page>
  const server = (kind: Kind): NorrixServer => norrix[kind]

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'norrix-two-'))
    norrix = await startNorrix({ kinds })
    cli = await unpackCli(norrix.prod.url, folder)
    seat = await takeSeat(browser)
    pages = { prod: seat.page, dev: await seat.context.newPage() }
  })
  afterAll(async () => {
    await norrix?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('the claim link of one environment opens nothing at the other', async () => {
    for (const kind of kinds) {
      const link = new URL((await server(kind).ownerLink())?.url ?? '')
      const foreign = server(otherOf(kind)).url
      const answer = await pages[kind].goto(`${foreign}/claim${link.search}`)
      expect(answer?.status()).toBeGreaterThanOrEqual(400)
      expect(await pages[kind].getByRole('button', { name: 'Claim this server' }).count()).toBe(0)
      const token = link.searchParams.get('token') ?? ''
      const posted = await fetch(`${foreign}/claim`, {
        method: 'POST',
        body: new URLSearchParams({ token, name: '', ...people[kind] }),
        redirect: 'manual',
      })
      expect(posted.status).toBeGreaterThanOrEqual(400)
      expect(posted.headers.getSetCookie().join()).not.toContain('_session=')
      await posted.arrayBuffer()
      expect(await server(otherOf(kind)).ownerLink()).toBeDefined()
    }
  })

  test('two people are signed in side by side, and every cookie says which environment it is of', async () => {
    for (const kind of kinds) {
      await claimIn(pages[kind], (await server(kind).ownerLink())?.url ?? '', people[kind])
    }
    const signedIn = await withSignIns(seat.context, pages.prod, norrix)
    for (const kind of kinds) {
      expect(await whoIsIn(pages[kind], server(kind))).toBe(people[kind].email)
      expect(signedIn).toContain(`norrix_${kind}_session`)
      // The authorization server's own cookies are among them.
      expect(signedIn.filter((name) => name.startsWith(`norrix_${kind}_`)).length).toBeGreaterThan(
        1,
      )
    }
    for (const name of signedIn) expect(name).toMatch(/^norrix_(?:prod|dev)_/)
  })

  test.each(kinds)('nothing of %s works on the other environment', async (kind) => {
    const own = server(kind)
    const foreign = server(otherOf(kind))
    const credentials = await credentialsOf(kind)
    for (const [what, headersFor] of Object.entries(credentials.headers)) {
      const path = what === 'runner token' ? '/api/runner/hello' : '/api/whoami'
      const method = what === 'runner token' ? 'POST' : 'GET'
      const ask = async (at: NorrixServer) =>
        fetch(at.url + path, {
          method,
          headers: {
            ...(await headersFor({ method, url: at.url + path })),
            'content-type': 'application/json',
          },
          ...(method === 'POST' && { body: JSON.stringify(hello) }),
        })
      const renamed = what === 'cookie under the other name'
      expect((await ask(own)).status, `${what} at home`).toBe(renamed ? 401 : 200)
      const answer = await ask(foreign)
      expect(answer.status, `${what} at the other`).toBe(401)
      expect(JSON.stringify(await answer.json())).not.toMatch(/ana@|ben@|Acme|Nightly/)
    }
    for (const [what, at, status] of [
      ['the other', foreign, 400],
      ['home', own, 200],
    ] as const) {
      const url = `${at.url}/token`
      const renewed = await fetch(url, {
        method: 'POST',
        headers: { dpop: await proof(credentials.key, { method: 'POST', url }) },
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          client_id: 'norrix-cli',
          refresh_token: credentials.refreshToken,
        }),
      })
      expect(renewed.status, `the refresh token at ${what}`).toBe(status)
      await renewed.arrayBuffer()
    }
  })

  test.each(kinds)(
    'the command line says whose a %s key is, and sends it nowhere',
    async (kind) => {
      const { apiKey: key } = await credentialsOf(kind)
      const asked: string[] = []
      const elsewhere = createServer((req, res) => {
        asked.push(req.url ?? '')
        res.end()
      })
      const flags = kind === 'prod' ? ['--dev'] : []
      const { code, stdout, stderr } = await runNorrix(['whoami', ...flags], {
        main: cli,
        env: {
          NORRIX_API_KEY: key,
          NORRIX_API_URL: `http://localhost:${await listenOn(elsewhere, 'localhost')}`,
        },
      })
      expect(stderr).toContain(
        `NORRIX_API_KEY is a ${kind} key; this command talks to ${otherOf(kind)}. Nothing was sent.`,
      )
      expect(stderr).toContain('wrong_environment')
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
      expect(asked).toEqual([])
      elsewhere.close()
    },
  )

  test('one signs out, the other stays', async () => {
    const stays = await cookieIn(seat.context, 'norrix_dev_session')
    await pages.prod.goto(norrix.prod.url)
    await pages.prod.getByRole('button', { name: /^Account:/ }).click()
    await pages.prod.getByRole('menuitem', { name: 'Sign out' }).click()
    await pages.prod.waitForURL((url) => url.pathname === '/signed-out')
    expect(await cookieIn(seat.context, 'norrix_prod_session')).toBeUndefined()
    expect(await cookieIn(seat.context, 'norrix_dev_session')).toBe(stays)
    await pages.dev.goto(norrix.dev.url)
    await pages.dev.getByText('Environment: dev').waitFor()
    expect(await whoIsIn(pages.dev, norrix.dev)).toBe(people.dev.email)
    await pages.prod.goto(norrix.prod.url)
    await pages.prod.getByLabel('Password').waitFor()
    expect(seat.violations).toEqual([])
  })

  /** One of everything that an environment hands out. */
  async function credentialsOf(kind: Kind) {
    const client = clientIn(seat.context, server(kind))
    const { orgs } = await client.call(sessions.whoami, {})
    const params = { orgId: orgs[0]?.id ?? '' }
    const body = { name: 'CI', scopes: ['build' as const] }
    const { secret: apiKey } = await client.call(apiKeys.create, { params, body })
    const runner = await client.call(runners.create, { params, body: { name: 'Mac mini' } })
    const { tokens, key } = await signInACommandLine(pages[kind], server(kind))
    const value = (await cookieIn(seat.context, `norrix_${kind}_session`)) ?? ''
    const always = (name: string, text: string) => async () => ({ [name]: text })
    const headers: Record<string, (asked: Asked) => Promise<Record<string, string>>> = {
      'session cookie': always('cookie', `norrix_${kind}_session=${value}`),
      'cookie under the other name': always('cookie', `norrix_${otherOf(kind)}_session=${value}`),
      'access token': (asked) => boundHeaders({ token: tokens.access_token, key }, asked),
      'API key': always('authorization', `Bearer ${apiKey}`),
      'runner token': always('authorization', `Bearer ${runner.token}`),
    }
    return { apiKey, key, refreshToken: tokens.refresh_token ?? '', headers }
  }
})

const hello = {
  name: null,
  os: 'macOS',
  version: '0.1.0',
  platforms: ['ios'],
  isolation: 'uid',
}

/** Who the dashboard in this page believes to talk to. */
async function whoIsIn(page: Page, { url }: NorrixServer): Promise<string | null> {
  await page.goto(`${url}/account`)
  await page.getByRole('heading', { name: 'Profile' }).waitFor()
  return page.getByText('@example.com').last().textContent()
}

/** Names of all cookies that the two servers set, on the way through a sign-in of a command line at each. */
async function withSignIns(
  context: BrowserContext,
  page: Page,
  { prod, dev }: Norrix,
): Promise<string[]> {
  const names = new Set<string>()
  context.on('response', async (response) => {
    const lines = (await response.headersArray()).filter((one) => /^set-cookie$/i.test(one.name))
    for (const { value } of lines) names.add(value.split('=')[0] ?? '')
  })
  for (const server of [prod, dev]) await signInACommandLine(page, server)
  for (const cookie of await context.cookies()) names.add(cookie.name)
  return [...names]
}

/** Signs a command line in as its own client would, with a listener of its own for the way back. */
async function signInACommandLine(page: Page, { kind, url }: NorrixServer) {
  const listener = createServer()
  const arrived = new Promise<URL>((resolve) => {
    listener.on('request', (req, res) => {
      resolve(new URL(req.url ?? '', redirectUri))
      res.writeHead(303, { Location: `${url}/signed-in`, Connection: 'close' }).end()
    })
  })
  const redirectUri = `http://127.0.0.1:${await listenOn(listener, '127.0.0.1')}/callback`
  const line = await startCommandLine(url, { redirect_uri: redirectUri })
  await approveSignIn(page, line.authorizeUrl.href, people[kind])
  const tokens = await exchange(line, await arrived)
  listener.close()
  return { tokens, key: line.key }
}

async function listenOn(listener: Server, host: string): Promise<number> {
  await new Promise<void>((resolve) => void listener.listen(0, host, resolve))
  return (listener.address() as AddressInfo).port // it listens on TCP
}
