import { hostname } from 'node:os'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claim, openPage, owner } from '../../../test/kit/dashboard.ts'
import { startNorrix, type Norrix } from '../../../test/kit/norrix.ts'
import { runNorrix, startNorrixCommand, temporaryHome } from '../../../test/kit/run-norrix.ts'
import { launchBrowser } from '../../../tools/browser.ts'
import { approveSignIn } from '../../../tools/person-in-browser.ts'

let norrix: Norrix
let browser: Browser
let page: Page
let complaints: string[]
const home = temporaryHome()
beforeAll(async () => {
  ;[norrix, browser] = await Promise.all([startNorrix(), launchBrowser()])
  ;({ page, complaints } = await openPage(browser))
  await claim(page, norrix.prod)
})
afterAll(async () => {
  await browser?.close()
  await norrix?.stop()
  home.remove()
})

const device = hostname().replace(/\.(?:local|lan|home|localdomain)$/i, '')
const here = { home: home.path, here: true } as const
const rows = (at = page) => at.getByRole('table', { name: 'Sessions' }).getByRole('row')
const dialog = (at = page) => at.getByRole('dialog')

/** Signs the command line of this machine in, in the browser of `page`. */
async function signInCommandLine(): Promise<void> {
  const running = startNorrixCommand(['sign-in', norrix.prod.url, '--browser'], here)
  const [, address = ''] = await running.waitFor(/^ {2}(https?:\/\/\S+)$/m)
  await approveSignIn(page, address, { ...owner, orgName: owner.org })
  expect((await running.ended).code).toBe(0)
}

async function openSessions(at = page): Promise<void> {
  await at.goto(norrix.prod.url)
  await at.getByRole('button', { name: `Account: ${owner.name}` }).click()
  await at.getByRole('menuitem', { name: 'Sessions' }).click()
  await at.getByRole('heading', { level: 1, name: 'Sessions' }).waitFor()
  await rows(at).nth(1).waitFor()
}

/** Another browser of the same person. */
async function anotherBrowser(): Promise<Page> {
  const other = await openPage(browser)
  await other.page.goto(norrix.prod.url)
  await other.page.getByLabel('E-mail').fill(owner.email)
  await other.page.getByLabel('Password').fill(owner.password)
  await other.page.getByRole('button', { name: /sign in/i }).click()
  await other.page.getByRole('heading', { name: 'Builds' }).waitFor()
  return other.page
}

test('the sessions of the account are listed, the one in use is marked, and a command line is ended after asking once', async () => {
  await signInCommandLine()
  await openSessions()
  expect(await page.title()).toBe('Sessions · Norrix')
  await page
    .getByRole('navigation', { name: 'Account' })
    .getByRole('link', { name: 'Profile' })
    .waitFor()
  const row = rows().filter({ hasText: device })
  await row.getByText('command line').waitFor()
  expect(await rows().filter({ hasText: 'this one' }).getByText('browser').count()).toBe(1)

  await row.getByRole('button', { name: `Revoke ${device}` }).click()
  await dialog()
    .getByRole('heading', { name: `Revoke “${device}”?` })
    .waitFor()
  await dialog().getByRole('button', { name: 'Keep' }).click()
  expect(await runNorrix(['whoami'], here)).toMatchObject({ code: 0 })

  await row.getByRole('button', { name: `Revoke ${device}` }).click()
  await dialog().getByRole('button', { name: 'Revoke session' }).click()
  await page
    .getByRole('status')
    .filter({ hasText: `The session on “${device}” is over.` })
    .waitFor()
  await row.waitFor({ state: 'detached' })
  const who = await runNorrix(['whoami'], here)
  expect(who.code).toBe(4)
  expect(who.stderr).toContain('session_ended')
})

test('a browser that is revoked from another is asked who it is at its next step', async () => {
  const other = await anotherBrowser()
  await openSessions()
  const row = rows().filter({ hasText: 'browser' }).filter({ hasNotText: 'this one' }).first()
  await row.getByRole('button', { name: /^Revoke / }).click()
  await dialog().getByRole('button', { name: 'Revoke session' }).click()
  await page.getByRole('status').filter({ hasText: 'is over.' }).waitFor()
  await other.goto(norrix.prod.url)
  await other.getByLabel('Password').waitFor()
  await other.context().close()
})

test('revoking the session in use signs out here, and says before that it will', async () => {
  const other = await anotherBrowser()
  await openSessions(other)
  const row = rows(other).filter({ hasText: 'this one' })
  await row.getByRole('button', { name: /^Revoke / }).click()
  await dialog(other).getByText('you will be signed out here').waitFor()
  await dialog(other).getByRole('button', { name: 'Revoke session' }).click()
  await other.waitForURL((url) => url.pathname === '/signed-out')
  await other.goto(norrix.prod.url)
  await other.getByLabel('Password').waitFor()
  await other.context().close()
})

test('sign out everywhere ends all of them after asking once, and this browser is asked who it is as well', async () => {
  const other = await anotherBrowser()
  await openSessions()
  await page.getByRole('button', { name: 'Sign out everywhere' }).click()
  await dialog().getByRole('heading', { name: 'Sign out everywhere?' }).waitFor()
  await dialog().getByRole('button', { name: 'Sign out everywhere' }).click()
  await page.waitForURL((url) => url.pathname === '/signed-out')
  for (const each of [page, other]) {
    await each.goto(`${norrix.prod.url}/account/sessions`)
    await each.getByLabel('Password').waitFor()
  }
  await page.getByLabel('E-mail').fill(owner.email)
  await page.getByLabel('Password').fill(owner.password)
  await page.getByRole('button', { name: /sign in/i }).click()
  await page.getByRole('heading', { level: 1, name: 'Sessions' }).waitFor()
  await expect.poll(() => rows().count()).toBe(2)
  await other.context().close()
})

test('nothing on these pages was stopped by the content policy', () => {
  expect(
    complaints.filter((text) => /Content Security Policy|TrustedHTML|TrustedScript/i.test(text)),
  ).toEqual([])
})
