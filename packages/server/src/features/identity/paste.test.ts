import * as oidc from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browser, type Page } from '../../../../../test/identity/browser.ts'
import {
  claimByPassword,
  exchange,
  reachConsent,
  startCommandLine,
} from '../../../../../test/identity/command-line.ts'
import { serveIdentity, type Served } from '../../../../../test/identity/served.ts'

let served: Served
beforeAll(async () => {
  served = await serveIdentity()
  await claimByPassword(served)
})
afterAll(() => served.close())

const byHand = () => `${served.url}/sign-in/code`

async function reachPaste(answer: 'sign-in' | 'cancel') {
  const line = await startCommandLine(served.url, { redirect_uri: byHand() })
  const browser = new Browser()
  const consent = await reachConsent(line, browser)
  return { line, browser, page: await browser.submit(consent, '/consent', { answer }) }
}

function carried({ text }: Page): Record<string, string> {
  const [, body = ''] = /<textarea[^>]*>norrix-sign-in\.([\w-]+)<\/textarea>/.exec(text) ?? []
  const parts: Record<string, string> = JSON.parse(Buffer.from(body, 'base64url').toString())
  return parts
}

test('the page shows code, state and issuer as one string, and tokens are had for it', async () => {
  const { line, page } = await reachPaste('sign-in')
  expect(page.text).toContain('1 minute')
  const { code = '', state, iss } = carried(page)
  expect({ state, iss }).toEqual({ state: line.state, iss: served.url })
  const answer = new URL(byHand())
  answer.search = new URLSearchParams({ code, state: line.state, iss: served.url }).toString()
  expect((await exchange(line, answer)).access_token).toMatch(/^[\w-]{43}$/)
  await expect(exchange(line, answer)).rejects.toBeInstanceOf(oidc.ResponseBodyError)
})

test('the code is in no address that stays in the history, and what shows it is not kept (T11)', async () => {
  const { page, browser } = await reachPaste('sign-in')
  expect(page.url.href).toBe(byHand())
  expect(page.headers.get('cache-control')).toBe('no-store')
  const [arrival, shown] = browser.seen.slice(-2)
  expect(arrival?.url.searchParams.has('code')).toBe(true)
  expect([arrival?.status, arrival?.headers.get('referrer-policy')]).toEqual([303, 'no-referrer'])
  expect(arrival?.headers.get('cache-control')).toBe('no-store')
  const cookie = arrival?.cookies.find((line) => line.startsWith('norrix_prod_paste='))
  expect(cookie).toMatch(/; Max-Age=60; HttpOnly; SameSite=Lax/)
  expect(shown?.url.search).toBe('')
  const stranger = await new Browser().open(byHand())
  expect([stranger.status, stranger.text.includes('nothing to copy')]).toEqual([404, true])
})

test('a refused sign-in has nothing to carry', async () => {
  const { page } = await reachPaste('cancel')
  expect(page.text).toContain('Nobody was signed in')
  expect(page.text).not.toContain('<textarea')
})

test.each([
  ['markup', { code: '"><script>alert(1)</script>', state: 's'.repeat(43) }],
  ['no state', { code: 'c'.repeat(43) }],
  ['an empty answer', { code: '' }],
])('an address with %s in it shows none of that (T10)', async (_, query) => {
  const page = await new Browser().open(`${byHand()}?${new URLSearchParams(query)}`)
  expect(page.status).toBe(404)
  expect(page.text).not.toContain('alert(1)')
})

test('our page is a way back at its own address alone, on no other port, path or host (T5)', async () => {
  const line = await startCommandLine(served.url)
  const elsewhere = new URL(byHand())
  elsewhere.port = '9'
  const refused = [
    elsewhere.href,
    byHand().replace('127.0.0.1', 'localhost'),
    `${byHand()}/`,
    `${byHand()}?next=//evil.test`,
    `${served.url}/sign-in`,
  ]
  for (const redirect of refused) {
    const url = new URL(line.authorizeUrl)
    url.searchParams.set('redirect_uri', redirect)
    const page = await new Browser().open(url.href)
    expect([page.status, page.url.origin], redirect).toEqual([400, served.url])
  }
})
