import { createClient } from '@norrix/contract/client'
import { sessions } from '@norrix/contract/sessions.operations'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claim, openPage } from '../../../test/kit/dashboard.ts'
import { startNorrix, type Norrix } from '../../../test/kit/norrix.ts'
import { launchBrowser } from '../../../tools/browser.ts'

let norrix: Norrix
let browser: Browser
let page: Page
let complaints: string[]
beforeAll(async () => {
  ;[norrix, browser] = await Promise.all([startNorrix(), launchBrowser()])
  ;({ page, complaints } = await openPage(browser, {
    permissions: ['clipboard-read', 'clipboard-write'],
  }))
  await claim(page, norrix.prod)
})
afterAll(async () => {
  await browser?.close()
  await norrix?.stop()
})

const dialog = () => page.getByRole('dialog')
const press = (name: string) => dialog().getByRole('button', { name, exact: true }).click()

async function openCreate(): Promise<void> {
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('heading', { name: 'API Keys', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Create API Key' }).first().click()
  await dialog().waitFor()
}

test('a key without a scope or a name is not made, and the dialog says what is missing', async () => {
  await openCreate()
  expect(await dialog().getAttribute('aria-labelledby')).not.toBeNull()
  await dialog().getByText('For automation. Acts only in Acme on prod.').waitFor()
  const boxes = await dialog().getByRole('checkbox').all()
  expect(await Promise.all(boxes.map((box) => box.isChecked()))).toEqual([false, false, false])
  await dialog().getByText('Choose at least one scope.').waitFor()
  await press('Create API Key')
  await dialog().getByText('Give the key a name.').waitFor()
  expect(
    await dialog()
      .getByLabel('Name')
      .evaluate((field) => field === document.activeElement),
  ).toBe(true)
  await page.keyboard.press('Escape')
  await dialog().waitFor({ state: 'hidden' })
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.textContent))
    .toBe('Create API Key')
})

test('a key is shown once, copied, seen at its first use, and refused by the very next request after it is revoked', async () => {
  await openCreate()
  await dialog().getByLabel('Name').fill('GitHub Actions')
  await dialog()
    .getByRole('checkbox', { name: /^build/ })
    .check()
  expect(await dialog().getByText('Choose at least one scope.').isVisible()).toBe(false)
  await press('Create API Key')
  await dialog()
    .getByRole('heading', { name: "Copy this key now. It won't be shown again." })
    .waitFor()
  await dialog().getByText('Waiting for first use…').waitFor()
  await press('Copy key')
  const secret = await page.evaluate(() => navigator.clipboard.readText())
  expect(secret).toMatch(/^nrx_[0-9A-Za-z]{48}$/)

  const whoami = (): Promise<unknown> =>
    createClient({
      baseUrl: norrix.prod.url,
      headers: () => ({ authorization: `Bearer ${secret}`, 'user-agent': 'norrix/0.1' }),
    }).call(sessions.whoami, {})
  expect(await whoami()).toMatchObject({
    actor: 'key',
    key: { name: 'GitHub Actions', scopes: ['build'] },
  })
  await dialog()
    .getByText(/used by norrix\/0\.1/)
    .waitFor()
  await press('Done')
  await dialog().waitFor({ state: 'hidden' })
  expect(await page.content()).not.toContain(secret)

  const row = page.getByRole('row', { name: /GitHub Actions/ })
  await row.getByText(`${secret.slice(0, 12)}…`).waitFor()
  await row.getByRole('button', { name: 'Revoke GitHub Actions' }).click()
  await dialog().getByRole('heading', { name: 'Revoke "GitHub Actions"?' }).waitFor()
  await expect
    .poll(() => dialog().textContent())
    .toMatch(
      /Last used just now from \S+\. Every request from now on is refused\. This can't be undone\./,
    )
  await press('Revoke key')
  await page.getByRole('status').filter({ hasText: '“GitHub Actions” is revoked.' }).waitFor()
  await expect(whoami()).rejects.toMatchObject({ code: 'key_revoked' })

  await page.getByRole('tab', { name: 'Revoked and expired' }).click()
  await page.getByRole('row', { name: /GitHub Actions.*revoked/ }).waitFor()
  expect(new URL(page.url()).search).toBe('?tab=ended')
})

test('leaving before the key was copied asks once', async () => {
  await openCreate()
  await dialog().getByLabel('Name').fill('Never copied')
  await dialog()
    .getByRole('checkbox', { name: /^update/ })
    .check()
  await dialog().getByText('90 days').click()
  await dialog()
    .getByText(/^Works until .*, which is \d{4}-\d\d-\d\d \d\d:59:59 UTC\.$/)
    .waitFor()
  await press('Create API Key')
  await dialog()
    .getByText(/won't be shown again/)
    .waitFor()
  await press('Done')
  await dialog().getByText('You have not copied the key.').waitFor()
  await press('Back to the key')
  await page.keyboard.press('Escape')
  await press('Leave without it')
  await dialog().waitFor({ state: 'hidden' })
  await page
    .getByRole('row', { name: /Never copied.*in 2 months|Never copied.*in 3 months/ })
    .waitFor()
})

test('without a clipboard the key is selected and the keys to press are named', async () => {
  const insecure = await openPage(browser)
  await insecure.page.addInitScript(() =>
    Object.defineProperty(navigator, 'clipboard', { value: undefined }),
  )
  const { cookies, origins } = await page.context().storageState()
  await insecure.page.context().addCookies(cookies)
  expect(origins.map(({ origin }) => origin)).toContain(norrix.prod.url)
  await insecure.page.goto(`${norrix.prod.url}/settings/api-keys`)
  await insecure.page.getByRole('button', { name: 'Create API Key' }).first().click()
  const box = insecure.page.getByRole('dialog')
  await box.getByLabel('Name').fill('By hand')
  await box.getByRole('checkbox', { name: /^build/ }).check()
  await box.getByRole('button', { name: 'Create API Key' }).click()
  await box.getByRole('button', { name: 'Copy key' }).click()
  await box.getByText('Selected. Press Ctrl+C to copy.').waitFor()
  const selected = await insecure.page.evaluate(() => getSelection()?.toString())
  expect(selected).toMatch(/^nrx_[0-9A-Za-z]{48}$/)
  await insecure.page.context().close()
})

test('nothing on these pages was stopped by the content policy', () => {
  expect(
    complaints.filter((text) => /Content Security Policy|TrustedHTML|TrustedScript/i.test(text)),
  ).toEqual([])
})
