import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser } from '../../tools/browser.ts'
import { startCognitoDouble } from './double.ts'
import type { CognitoDouble } from './double.ts'
import { html, serve } from './exchange.ts'
import type { Origin } from './exchange.ts'
import { PAGE_TITLE } from './pages.ts'

const ANN = { username: 'ann', password: 'Correct-Horse-1', email: 'ann@example.test' }

let browser: Browser | undefined
let reasonForNone = ''
let app: Origin
let double: CognitoDouble

beforeAll(async () => {
  app = await serve(async () => html(200, '<title>The app</title>'))
  double = await startCognitoDouble({ users: [ANN], client: { callbackUrls: [callback()] } })
  browser = await launchBrowser().catch((fault: unknown) => {
    reasonForNone = String(fault)
    return undefined
  })
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await Promise.all([app.close(), double.close()])
})

test('a person signs in by hand in a real browser, and the second time without a password', async (context) => {
  if (browser === undefined) return context.skip(reasonForNone)
  const page = await browser.newPage()
  await page.goto(signInLink('one'))
  expect(await page.title()).toBe(PAGE_TITLE)
  await page.getByLabel('Username').fill('ann')
  await page.getByLabel('Password').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  expect(await page.getByRole('alert').textContent()).toBe('Incorrect username or password.')
  await page.getByLabel('Password').fill(ANN.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => url.href.startsWith(callback()))
  expect(new URL(page.url()).searchParams.get('state')).toBe('one')
  await page.goto(signInLink('two'))
  expect(page.url()).toContain(callback())
  expect(new URL(page.url()).searchParams.get('state')).toBe('two')
  expect(double.counts()).toMatchObject({ authorize: 2, login: 3 })
})

function callback(): string {
  return `http://localhost:${new URL(app.origin).port}/callback`
}

function signInLink(state: string): string {
  const query = {
    client_id: double.clientId,
    redirect_uri: callback(),
    response_type: 'code',
    state,
  }
  return `${double.domainOrigin}/oauth2/authorize?${new URLSearchParams(query)}`
}
