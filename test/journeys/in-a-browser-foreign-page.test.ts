import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { apiKeys } from '@norrix/contract/api-keys.operations'
import type { Client } from '@norrix/contract/client'
import { orgs } from '@norrix/contract/orgs.operations'
import { sessions } from '@norrix/contract/sessions.operations'
import { Browser as FetchBrowser } from '../identity/browser.ts'
import { startForeignPages, type ForeignPages } from '../kit/foreign-page.ts'
import { clientIn, cookieIn, inABrowser, takeSeat, type Seat } from '../kit/in-a-browser.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { bearer } from '../kit/people.ts'
import { claimIn } from '../../tools/person-in-browser.ts'

/**
 * A page on another localhost port, in the browser of somebody who is signed in (T78, T97, ruling 21). Cookies ignore ports
 * and another port is the same site, so the browser sends the cookie along with all of these; each test sees to that first.
 */
const ana = { email: 'ana@example.com', password: 'correct horse battery', orgName: 'Acme' }

await inABrowser((browser) => {
  let norrix: Norrix
  let foreign: ForeignPages
  let seat: Seat
  let client: Client
  let key: { id: string; secret: string }
  let orgId: string
  /** How much the server had logged before the test. */
  let logged: number

  beforeAll(async () => {
    ;[norrix, foreign, seat] = await Promise.all([
      startNorrix(),
      startForeignPages(),
      takeSeat(browser),
    ])
    await claimIn(seat.page, (await norrix.prod.ownerLink())?.url ?? '', ana)
    client = clientIn(seat.context, norrix.prod)
    orgId = (await client.call(sessions.whoami, {})).orgs[0]?.id ?? ''
    const body = { name: 'GitHub Actions', scopes: ['build' as const] }
    const made = await client.call(apiKeys.create, { params: { orgId }, body })
    key = { id: made.apiKey.id, secret: made.secret }
  })
  beforeEach(() => {
    logged = norrix.log.length
  })
  afterAll(async () => {
    await foreign?.stop()
    await norrix?.stop()
  })

  const revokePath = () => `/api/orgs/${orgId}/api-keys/${key.id}/revoke`
  const targets = () =>
    [revokePath(), `/api/orgs/${orgId}/api-keys`, '/api/orgs', '/sign-out'].map(
      (path) => norrix.prod.url + path,
    )

  test.each(['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data'])(
    'a form posted as %s changes nothing',
    async (encoding) => {
      for (const target of targets()) {
        const url = foreign.serve(
          '/form',
          `<form method="post" enctype="${encoding}" action="${target}">
          <input name='{"name":"Mine","scopes":["build"],"a":"' value='"}'></form>
          <script>document.forms[0].submit()</script>`,
        )
        const page = await seat.context.newPage()
        const answered = page.waitForResponse(target)
        await page.goto(url, { waitUntil: 'commit' })
        expect((await answered).status()).toBe(403)
        await page.close()
      }
      expectRefusalsForTheirOrigin()
      await expectNothingChanged()
    },
  )

  test('fetch changes nothing, simple or with JSON, and reads nothing', async () => {
    const url = foreign.serve('/fetch', '')
    const page = await seat.context.newPage()
    await page.goto(url)
    const read = await page.evaluate(
      async (addresses) => {
        const all: string[] = []
        const attempt = async (address: string, init: RequestInit): Promise<void> => {
          try {
            const answer = await fetch(address, { credentials: 'include', ...init })
            if (answer.type !== 'opaque') all.push(`${address} ${answer.status}`)
          } catch {
            // Refused by the browser, which is what is wanted; the server is asked below what it did.
          }
        }
        const json = { 'content-type': 'application/json' }
        for (const address of addresses) {
          await attempt(address, { method: 'POST', body: '{}', mode: 'no-cors' })
          await attempt(address, { method: 'POST', body: '{}' })
          await attempt(address, { method: 'POST', body: '{}', headers: json })
          await attempt(address, { method: 'DELETE' })
          await attempt(address, { method: 'GET' })
          navigator.sendBeacon(address, new Blob(['{}'], { type: 'text/plain' }))
        }
        return all
      },
      [...targets(), `${norrix.prod.url}/api/sessions/current`, `${norrix.prod.url}/api/whoami`],
    )
    expect(read).toEqual([])
    await page.close()
    expectRefusalsForTheirOrigin()
    await expectNothingChanged()
  })

  test('an image, a script, a style and a navigation change nothing', async () => {
    const addresses = [...targets(), `${norrix.prod.url}/api/sessions/current`]
    const inside = addresses
      .map(
        (to) =>
          `<img src="${to}"><script src="${to}"></script><link rel="stylesheet" href="${to}">`,
      )
      .join('')
    const page = await seat.context.newPage()
    const cookies: string[] = []
    page.on('response', async (response) => {
      const { cookie } = await response.request().allHeaders()
      if (addresses.includes(response.url()) && cookie?.includes('norrix_prod_session=')) {
        cookies.push(response.url())
      }
    })
    await page.goto(foreign.serve('/inside', inside), { waitUntil: 'networkidle' })
    for (const address of addresses) {
      await page.goto(foreign.serve('/away', `<a href="${address}">away</a>`))
      await page.getByRole('link').click()
      await page.waitForURL(address)
    }
    await page.close()
    expect(cookies.length).toBeGreaterThanOrEqual(addresses.length)
    await expectNothingChanged()
  })

  test('nobody is signed in as somebody else by a form or an address of theirs', async () => {
    // Mallory has an account of his own here, begins to sign in, and hands what he got to a victim's browser.
    const { url } = norrix.prod
    const mallory = new FetchBrowser()
    const page = await mallory.open(`${url}/sign-in`)
    const action = page.forms.find((each) => each.action.endsWith('/sign-in'))?.action ?? ''
    const beforeTheEnd = (at: URL) => at.pathname === '/signed-in/dashboard'
    const back = await mallory.submit(page, '/sign-in', ana, { stopAt: beforeTheEnd })
    expect(back.url.searchParams.get('code')).not.toBeNull()

    const victim = await takeSeat(browser)
    const form = foreign.serve(
      '/login',
      `<form method="post" action="${url}${action}"><input name="email" value="${ana.email}">
      <input name="password" value="${ana.password}"></form><script>document.forms[0].submit()</script>`,
    )
    const answered = victim.page.waitForResponse(url + action)
    await victim.page.goto(form, { waitUntil: 'commit' })
    expect((await answered).status()).toBeGreaterThanOrEqual(400)
    await victim.page.waitForURL(url + action)
    const answer = await victim.page.goto(back.url.href)
    expect(answer?.status()).toBeGreaterThanOrEqual(400)
    expect(await cookieIn(victim.context, 'norrix_prod_session')).toBeUndefined()
    // The same answer is good in the browser that it belongs to: it was not refused for another reason.
    await mallory.open(back.url.href)
    expect(mallory.cookie('norrix_prod_session')).toBeDefined()
    await victim.context.close()
  })

  test('no page of Norrix shows itself within a page of another origin (T20)', async () => {
    const { url } = norrix.prod
    const paths = [
      '/',
      `/o/${orgId}/settings/api-keys`,
      '/account',
      '/sign-in',
      '/signed-in',
      '/signed-out',
      '/claim?token=nobody',
      '/device',
      '/device?user_code=BCDF-GHJK',
      '/device/approved',
      '/sign-in/code',
      '/nowhere',
    ]
    const page = await seat.context.newPage()
    const frames = paths.map((path) => `<iframe src="${url}${path}"></iframe>`).join('')
    const control = foreign.serve('/control', '<p>may be framed</p>')
    await page.goto(foreign.serve('/frames', `<iframe src="${control}"></iframe>${frames}`), {
      waitUntil: 'networkidle',
    })
    const shown = await Promise.all(page.frames().slice(1).map(whatIsShown))
    expect(shown).toEqual([control, ...paths.map(() => 'refused')])
    await page.close()
  })

  /** Only a request that carries a cookie is refused for where it comes from: so these came with it. */
  function expectRefusalsForTheirOrigin(): void {
    const lines = norrix.log.slice(logged).join('')
    expect(lines.match(/"fault":"origin_refused"/g)?.length ?? 0).toBeGreaterThanOrEqual(
      targets().length,
    )
  }

  async function expectNothingChanged(): Promise<void> {
    await bearer(norrix.prod.url, key.secret).call(sessions.whoami, {})
    const listed = await client.call(apiKeys.list, { params: { orgId } })
    expect(listed.items.map(({ id, status }) => ({ id, status }))).toEqual([
      { id: key.id, status: 'active' },
    ])
    expect((await client.call(orgs.list, {})).items).toHaveLength(1)
    await seat.page.goto(`${norrix.prod.url}/account`)
    await seat.page.getByRole('heading', { name: 'Profile' }).waitFor()
  }
})

/** The address of what a frame shows; a browser puts an error page of its own where it was refused. */
async function whatIsShown(frame: ReturnType<Page['frames']>[number]): Promise<string> {
  return frame.url().startsWith('chrome-error:') ? 'refused' : frame.url()
}
