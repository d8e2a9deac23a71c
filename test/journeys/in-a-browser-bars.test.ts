import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { apiKeys } from '@norrix/contract/api-keys.operations'
import { runners } from '@norrix/contract/runners.operations'
import { sessions } from '@norrix/contract/sessions.operations'
import { startCommandLine } from '../identity/command-line.ts'
import { clientIn, inABrowser, takeSeat, type Seat } from '../kit/in-a-browser.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { bearer } from '../kit/people.ts'
import { queueBuild } from '../kit/queue-build.ts'
import { claimIn } from '../../tools/person-in-browser.ts'

/** What a screen has to keep to: its weight, the keyboard alone, and a narrow window. */
const ana = { email: 'ana@example.com', password: 'correct horse battery', orgName: 'Acme' }
const scriptBytesMax = 150_000
const narrow = { width: 390, height: 844 }

await inABrowser((browser) => {
  let norrix: Norrix
  let seat: Seat
  let orgId: string

  beforeAll(async () => {
    ;[norrix, seat] = await Promise.all([startNorrix(), takeSeat(browser)])
  })
  afterAll(() => norrix?.stop())

  const wayTooWide = (page: Page): Promise<number> =>
    page.evaluate(() => document.documentElement.scrollWidth - innerWidth)

  test('the pages before the dashboard fit into 390 px', async () => {
    const { page } = seat
    await page.setViewportSize(narrow)
    const link = (await norrix.prod.ownerLink())?.url ?? ''
    const look = async (address: string): Promise<void> => {
      await page.goto(address)
      await page.getByRole('heading', { level: 1 }).waitFor()
      expect(await wayTooWide(page), address).toBe(0)
    }
    await look(`${norrix.prod.url}/sign-in`)
    await look(link)
    // As long as anybody may make them.
    const email = `${'ana'.repeat(40)}@example.com`
    await claimIn(page, link, { ...ana, email, orgName: 'Acme'.repeat(16) })
    orgId = (await clientIn(seat.context, norrix.prod).call(sessions.whoami, {})).orgs[0]?.id ?? ''
    // The browser knows her since the claim; the page that asks for the password is looked at all the same.
    const line = await startCommandLine(norrix.prod.url, {
      device: 'ana-laptop-'.repeat(5),
      prompt: 'login',
    })
    await look(line.authorizeUrl.href)
    await page.getByLabel('E-mail').fill(email)
    await page.getByLabel('Password').fill(ana.password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: /^Sign in the Norrix CLI on / }).waitFor()
    expect(await wayTooWide(page), 'the page that asks').toBe(0)
    for (const path of ['/signed-in', '/signed-out', '/claim?token=nobody']) {
      await look(norrix.prod.url + path)
    }
  })

  test('a cold first load is at most 150 kB of gzipped JavaScript', async () => {
    const fresh = await takeSeat(browser)
    await fresh.context.addCookies((await seat.context.storageState()).cookies)
    const loaded: Promise<{ gzipped: number; plain: number; sent: number }>[] = []
    fresh.page.on('response', (response) => {
      if (!/javascript/.test(response.headers()['content-type'] ?? '')) return
      loaded.push(
        response.body().then(async (bytes) => ({
          plain: bytes.length,
          gzipped: gzipSync(bytes).length,
          sent: (await response.request().sizes()).responseBodySize,
        })),
      )
    })
    await fresh.page.goto(norrix.prod.url, { waitUntil: 'networkidle' })
    await fresh.page.getByRole('heading', { name: 'Builds' }).waitFor()
    const all = await Promise.all(loaded)
    const sum = (of: 'gzipped' | 'plain' | 'sent'): number =>
      all.reduce((total, one) => total + one[of], 0)
    process.stdout.write(
      `first load: ${all.length} scripts, ${sum('gzipped')} bytes gzipped, ${sum('plain')} plain, ${sum('sent')} sent\n`,
    )
    expect(sum('plain')).toBeGreaterThan(50_000)
    expect(sum('gzipped')).toBeLessThanOrEqual(scriptBytesMax)
    await fresh.context.close()
  })

  test('a key is made, copied and revoked by the keyboard alone', async () => {
    const { page, context } = seat
    await page.setViewportSize({ width: 1280, height: 800 })
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.goto(norrix.prod.url)
    await page.getByRole('heading', { name: 'Builds' }).waitFor()
    await press(page, 'Settings', 'Enter')
    await page.getByRole('heading', { name: 'API Keys', exact: true }).waitFor()
    await press(page, 'Create API Key', 'Enter')
    await page.getByRole('dialog').waitFor()
    // The name has the focus already.
    await expect.poll(() => focused(page)).toBe('Name')
    await page.keyboard.type('By keyboard')
    await press(page, /^build/, 'Space')
    await press(page, 'Create API Key', 'Enter')
    await page.getByText("Copy this key now. It won't be shown again.").waitFor()
    await press(page, 'Copy key', 'Enter')
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()))
      .toMatch(/^nrx_[0-9A-Za-z]{48}$/)
    const key = await page.evaluate(() => navigator.clipboard.readText())
    await press(page, 'Done', 'Enter')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    const who = () => bearer(norrix.prod.url, key).call(sessions.whoami, {})
    expect(await who()).toMatchObject({ key: { name: 'By keyboard', scopes: ['build'] } })
    await press(page, 'Revoke By keyboard', 'Enter')
    await page.getByRole('heading', { name: 'Revoke "By keyboard"?' }).waitFor()
    await press(page, 'Revoke key', 'Enter')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await expect(who()).rejects.toMatchObject({ code: 'key_revoked' })
  })

  test('every page of the dashboard fits into 390 px, with long names and open dialogs as well', async () => {
    const { page, context } = seat
    const client = clientIn(context, norrix.prod)
    const params = { orgId }
    const name = 'W'.repeat(64)
    await client.call(apiKeys.create, {
      params,
      body: { name, scopes: ['build', 'submit', 'update'] },
    })
    await client.call(runners.create, { params, body: { name } })
    const build = await queueBuild(client, orgId, {
      source: randomBytes(100),
      name: 'W'.repeat(100),
      command: 'c'.repeat(400),
      artifacts: [`out/${'a'.repeat(200)}`],
      waitForRunner: true,
    })
    await page.setViewportSize(narrow)
    const org = `${norrix.prod.url}/o/${orgId}`
    const tooWide: string[] = []
    const note = async (where: string): Promise<void> => {
      const by = await wayTooWide(page)
      if (by !== 0) tooWide.push(`${where}: ${by} px`)
    }
    const long = 'W'.repeat(30)
    for (const [address, shown] of [
      [`${org}/builds`, long],
      [`${org}/builds?state=failed`, 'No build matches'],
      [build.url, 'Live'],
      [`${org}/builds/${build.id}?tab=artifacts`, 'No artifacts yet'],
      [`${org}/builds/${build.id}?tab=details`, 'c'.repeat(30)],
      [`${org}/runners`, long],
      [`${org}/settings/api-keys`, long],
      [`${org}/settings/api-keys?tab=ended`, 'By keyboard'],
      [`${norrix.prod.url}/account`, 'AcmeAcme'],
      [`${norrix.prod.url}/nowhere`, 'There is no such page'],
    ] as const) {
      await page.goto(address)
      await page.locator('main').getByText(shown).first().waitFor()
      await note(address)
    }
    for (const [path, button] of [
      ['runners', 'Add runner'],
      ['settings/api-keys', 'Create API Key'],
      ['settings/api-keys', `Revoke ${name}`],
    ] as const) {
      await page.goto(`${org}/${path}`)
      await page.getByRole('button', { name: button }).first().click()
      await page.getByRole('dialog').waitFor()
      await note(button)
    }
    expect(tooWide).toEqual([])
    expect(seat.violations).toEqual([])
  })
})

/** Tabs on to what is called so and presses a key there. Never touches the mouse. */
async function press(page: Page, name: string | RegExp, key: string): Promise<void> {
  const passed: string[] = []
  for (let tabs = 0; tabs < 60; tabs++) {
    const at = await focused(page)
    if (typeof name === 'string' ? at === name : name.test(at)) return page.keyboard.press(key)
    passed.push(at)
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab never came to ${name}, but to ${[...new Set(passed)].join(', ')}.`)
}

/** The name of what has the focus: its label, or its text. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const at = document.activeElement
    if (!at || at === document.body) return ''
    const labels = at instanceof HTMLInputElement ? [...(at.labels ?? [])] : []
    const label = at.getAttribute('aria-label') ?? labels.map((one) => one.textContent).join(' ')
    return (label || (at.textContent ?? '')).trim()
  })
}
