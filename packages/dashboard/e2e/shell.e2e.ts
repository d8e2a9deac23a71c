import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claim, openPage, owner } from '../../../test/kit/dashboard.ts'
import { startNorrix, type Norrix } from '../../../test/kit/norrix.ts'
import { launchBrowser } from '../../../tools/browser.ts'

let norrix: Norrix
let browser: Browser
let page: Page
beforeAll(async () => {
  ;[norrix, browser] = await Promise.all([startNorrix({ kinds: ['prod', 'dev'] }), launchBrowser()])
  ;({ page } = await openPage(browser))
  await claim(page, norrix.prod)
})
afterAll(async () => {
  await browser?.close()
  await norrix?.stop()
})

test('an empty organization shows the way to its first build, with the addresses of this server', async () => {
  await page.getByText(`norrix sign-in ${norrix.prod.url}`).waitFor()
  await page.getByText('norrix build android release').waitFor()
  expect(await page.title()).toBe('Builds · Acme · Norrix')
})

test('dev cannot be mistaken for prod', async () => {
  await page.getByText('Environment: prod').waitFor()
  const other = await openPage(browser)
  await claim(other.page, norrix.dev)
  await other.page.getByText('Environment: dev').waitFor()
  await other.page.getByText('norrix build android release --dev').waitFor()
  await other.page.context().close()
})

test('a second organization is made from the switcher, has a place of its own, and is where one starts next time', async () => {
  await page.getByRole('button', { name: 'Organization: Acme' }).click()
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'New organization' })
  await dialog.getByLabel('Name').fill('Second')
  await dialog.getByRole('button', { name: 'Create organization' }).click()
  await page.getByRole('button', { name: 'Organization: Second' }).waitFor()
  const home = page.url()
  await page.goto(norrix.prod.url)
  await page.getByRole('button', { name: 'Organization: Second' }).waitFor()
  expect(page.url()).toBe(home)
})

test('a runner is added, its token shown once with the command that starts it, and removed again', async () => {
  await page.getByRole('link', { name: 'Runners' }).click()
  await page.getByRole('button', { name: 'Add runner' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Mac mini')
  await dialog.getByRole('button', { name: 'Add runner' }).click()
  const command = dialog.getByText(/norrix runners start/)
  await command.waitFor()
  expect(await command.textContent()).toMatch(
    new RegExp(
      `^NORRIX_RUNNER_TOKEN=nrr_\\S+ \\\\\\n  norrix runners start --url ${norrix.prod.url} --platforms ios$`,
    ),
  )
  await dialog.getByRole('button', { name: 'Done' }).click()
  await dialog.getByRole('button', { name: 'Leave without it' }).click()
  await page.getByRole('button', { name: 'Remove Mac mini' }).click()
  await dialog.getByRole('heading', { name: 'Remove “Mac mini”?' }).waitFor()
  await dialog.getByRole('button', { name: 'Remove runner' }).click()
  await page.getByText('No runners yet').waitFor()
})

test.each([
  '/o/org_doesnotexist/builds',
  '/o/org_doesnotexist/settings/api-keys',
  '/b/nosuchone',
  '/nowhere',
])('%s is told to be missing, on a page with a way back', async (path) => {
  await page.goto(norrix.prod.url + path)
  await page
    .getByRole('heading', { level: 1, name: /^(Not found|There is no such page)$/ })
    .waitFor()
  await page.getByRole('link', { name: /norrix home|Go to your builds/ }).click()
  await page.getByRole('heading', { name: 'Builds' }).waitFor()
})

test('no page needs to be scrolled sideways on a screen of 360 px', async () => {
  await page.setViewportSize({ width: 360, height: 740 })
  for (const path of ['/', '/settings/api-keys', '/account', '/account/sessions']) {
    await page.goto(norrix.prod.url + path)
    await page.getByRole('heading', { level: 1 }).waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0)
  }
  await page.setViewportSize({ width: 1280, height: 800 })
})

test('the first load is at most 150 kB of gzipped JavaScript', async () => {
  const { page: fresh } = await openPage(browser)
  await fresh.context().addCookies((await page.context().storageState()).cookies)
  const loaded: string[] = []
  fresh.on('request', (request) => {
    const file = /\/assets\/([\w.-]+\.js)$/.exec(request.url())?.[1]
    if (file !== undefined) loaded.push(file)
  })
  await fresh.goto(norrix.prod.url, { waitUntil: 'networkidle' })
  await fresh.context().close()
  const folder = fileURLToPath(new URL('../../../dist/dashboard/assets', import.meta.url))
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(loaded))
  const bytes = loaded.map((file) => gzipSync(readFileSync(`${folder}/${file}`)).length)
  const total = bytes.reduce((sum, each) => sum + each, 0)
  expect(total).toBeGreaterThan(20_000)
  expect(total).toBeLessThanOrEqual(150_000)
})

test('the profile says who and how, and signing out ends the session and leads back here after signing in', async () => {
  await page.goto(norrix.prod.url)
  await page.getByRole('button', { name: `Account: ${owner.name}` }).click()
  await page.getByRole('menuitem', { name: 'Profile' }).click()
  await page.getByRole('heading', { name: 'Profile' }).waitFor()
  await page.getByText(owner.email).last().waitFor()
  const before = await page.context().storageState()
  await page.getByRole('button', { name: `Account: ${owner.name}` }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.waitForURL((url) => url.pathname === '/signed-out' || url.pathname === '/sign-in')
  // The session is over at the server, not only forgotten by this browser.
  await page.context().addCookies(before.cookies)
  await page.goto(`${norrix.prod.url}/settings/api-keys`)
  await page.getByLabel('E-mail').fill(owner.email)
  await page.getByLabel('Password').fill(owner.password)
  await page.getByRole('button', { name: /sign in/i }).click()
  await page.getByRole('heading', { name: 'API Keys', exact: true }).waitFor()
})
