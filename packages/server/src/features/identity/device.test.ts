import { request } from 'node:http'
import type * as oidc from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browser, type Page } from '../../../../../test/identity/browser.ts'
import { ana, claimByPassword } from '../../../../../test/identity/command-line.ts'
import {
  approveDevice,
  enterCode,
  poll,
  reachDeviceConsent,
  requestDevice,
  type Device,
} from '../../../../../test/identity/device.ts'
import { fetchBound } from '../../../../../test/kit/proofs.ts'
import { serveIdentity, type Served } from '../../../../../test/identity/served.ts'

let served: Served
let template: Device
beforeAll(async () => {
  served = await serveIdentity({ signUp: { kind: 'open' } })
  await claimByPassword(served)
  template = await requestDevice(served.url)
  const browser = new Browser()
  const page = await browser.open(`${served.url}/sign-in`)
  const form = await browser.follow(page, 'Create an account')
  await browser.submit(form, '/sign-up', { name: '', ...bo })
})
afterAll(() => served.close())

const bo = { email: 'bo@example.com', password: 'only for tests, bo' }

/** A browser in which somebody with an account of their own is signed in. */
const boSignedIn = (): Promise<Browser> => signedInAs(bo)
const anaSignedIn = (): Promise<Browser> => signedInAs(ana)

async function signedInAs({ email, password }: typeof bo): Promise<Browser> {
  const browser = new Browser()
  const page = await browser.open(`${served.url}/sign-in`)
  await browser.submit(page, '/sign-in', { email, password })
  return browser
}

const isWrongCode = (page: Page): boolean =>
  page.status === 422 && page.text.includes('No terminal waits with this code')

const sessionCount = async (): Promise<number> =>
  (await served.db.kysely.selectFrom('sessions').select('id').execute()).length

test('a person types the code, says yes, and the device gets tokens of a session that was written down before', async () => {
  const device = await requestDevice(served.url, { device: 'build-box', system: 'Linux' })
  expect(device.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
  expect(device).toMatchObject({ interval: 5, expires_in: 600 })
  expect(await poll(device)).toBe('authorization_pending')
  const browser = new Browser()
  const consent = await reachDeviceConsent(served.url, browser, device.user_code)
  for (const fact of [ana.email, 'prod', 'build-box', 'Linux', '127.0.0.1', 'just now']) {
    expect(consent.text).toContain(fact)
  }
  const before = await sessionCount()
  const end = await browser.submit(consent, '/consent', { answer: 'sign-in' })
  expect(end.text).toContain('Go back to your terminal')
  expect(await sessionCount()).toBe(before + 1)
  served.pass(6000)
  const tokens = await poll(device)
  if (typeof tokens === 'string') throw new Error(tokens)
  expect(tokens.claims()?.sub).toMatch(/^user_/)
  expect(await emailOf(device, tokens)).toBe(ana.email)
  served.pass(6000)
  expect(await poll(device)).toBe('invalid_grant')
})

test('small letters and other groups are the same code', async () => {
  const device = await requestDevice(served.url)
  const page = await enterCode(
    served.url,
    new Browser(),
    device.user_code.toLowerCase().replace('-', ' '),
  )
  expect(page.url.pathname).toMatch(/^\/interaction\//)
})

test('refused in the browser: the device hears it, and there is no session', async () => {
  const device = await requestDevice(served.url)
  const browser = new Browser()
  const before = await sessionCount()
  const consent = await reachDeviceConsent(served.url, browser, device.user_code)
  const end = await browser.submit(consent, '/consent', { answer: 'cancel' })
  expect(end.text).toContain('Nobody was signed in')
  expect(await poll(device)).toBe('access_denied')
  expect(await sessionCount()).toBe(before)
  expect(isWrongCode(await enterCode(served.url, browser, device.user_code))).toBe(true)
})

test('whoever is still signing in may refuse too, unless the code is somebody else’s by then', async () => {
  const device = await requestDevice(served.url)
  const early = new Browser()
  const form = await enterCode(served.url, early, device.user_code)
  await reachDeviceConsent(served.url, new Browser(), device.user_code)
  expect((await early.submit(form, '/cancel', {})).status).toBe(404)
  expect(await poll(device)).toBe('authorization_pending')
  const other = await requestDevice(served.url)
  const own = await enterCode(served.url, early, other.user_code)
  expect((await early.submit(own, '/cancel', {})).text).toContain('Nobody was signed in')
  expect(await poll(other)).toBe('access_denied')
})

test('a code that came with a link goes nowhere until somebody has compared it, and then asks again (T16)', async () => {
  const device = await requestDevice(served.url)
  const browser = await anaSignedIn()
  const page = await browser.open(device.verification_uri_complete ?? '')
  expect(page.text).toContain(`value="${device.user_code}"`)
  expect(page.text).toContain('Is this your code?')
  const hasty = await browser.submit(page, '/device', { code: device.user_code })
  expect(hasty.status).toBe(422)
  expect(hasty.text).toContain('Look at your terminal first')
  const compared = { code: device.user_code, matches: 'yes' }
  const consent = await browser.submit(hasty, '/device', compared)
  expect(consent.title).toContain('Sign in the Norrix CLI')
  expect(await poll(device)).toBe('authorization_pending')
})

test('the consent page warns when the terminal is at another address than the browser, and only then (T16)', async () => {
  const here = await requestDevice(served.url)
  const mine = await reachDeviceConsent(served.url, await anaSignedIn(), here.user_code)
  expect(mine.text).not.toContain('at another address')
  const elsewhere = await requestFrom('127.0.0.3')
  const page = await reachDeviceConsent(served.url, await anaSignedIn(), elsewhere.user_code)
  expect(page.text).toContain('The terminal is at another address than this browser')
  expect(page.text).toMatch(/from 127\.0\.0\.3.*You are at<\/dt><dd>127\.0\.0\.1/s)
})

test('a code is theirs who saw it first: nobody else can open, approve or refuse it (T17)', async () => {
  const device = await requestDevice(served.url)
  const his = await boSignedIn()
  // Both are at the page in which they say who they are; ana is first.
  const late = new Browser()
  const form = await enterCode(served.url, late, device.user_code)
  const hers = await anaSignedIn()
  const consent = await reachDeviceConsent(served.url, hers, device.user_code)
  expect(isWrongCode(await enterCode(served.url, his, device.user_code))).toBe(true)
  const refused = await late.submit(form, '/sign-in', bo)
  expect(refused.status).toBe(404)
  expect(await poll(device)).toBe('authorization_pending')
  // The address of her page and a forged form are of no use to him.
  const forged = await his.post(`${consent.url.href}/consent`, { answer: 'sign-in' })
  expect(forged.status).toBe(404)
  await hers.submit(consent, '/consent', { answer: 'sign-in' })
  served.pass(6000)
  const tokens = await poll(device)
  expect(typeof tokens === 'string' ? tokens : await emailOf(device, tokens)).toBe(ana.email)
})

test('of eight tabs that say yes at once one is heard, and one session is made', async () => {
  const device = await requestDevice(served.url)
  const browser = await anaSignedIn()
  const tabs: Page[] = []
  for (let tab = 0; tab < 8; tab += 1) {
    tabs.push(await reachDeviceConsent(served.url, browser, device.user_code))
  }
  const before = await sessionCount()
  const answers = await Promise.all(
    tabs.map((page) => browser.submit(page, '/consent', { answer: 'sign-in' })),
  )
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  expect(answers.filter(({ status }) => status === 404)).toHaveLength(7)
  expect(await sessionCount()).toBe(before + 1)
})

test('"Use another account" gives the code up, and the next who signs in there has it', async () => {
  const device = await requestDevice(served.url)
  const browser = await anaSignedIn()
  const consent = await reachDeviceConsent(served.url, browser, device.user_code)
  const again = await browser.submit(consent, '/another', {})
  const his = await browser.submit(again, '/sign-in', bo)
  expect(his.text).toContain(bo.email)
  await browser.submit(his, '/consent', { answer: 'sign-in' })
  const tokens = await poll(device)
  expect(typeof tokens === 'string' ? tokens : await emailOf(device, tokens)).toBe(bo.email)
})

test('an opened address approves nothing, and a page of another port neither (T102, ruling 21)', async () => {
  const device = await requestDevice(served.url)
  const browser = await anaSignedIn()
  const consent = await reachDeviceConsent(served.url, browser, device.user_code)
  expect((await browser.open(`${consent.url.href}/consent?answer=sign-in`)).status).toBe(405)
  for (const [address, fields] of [
    [`${served.url}/device`, { code: device.user_code }],
    [`${consent.url.href}/consent`, { answer: 'sign-in' }],
  ] as const) {
    const forged = await browser.post(address, fields, { from: 'http://127.0.0.1:9' })
    expect(forged.status).toBe(403)
  }
  expect(await poll(device)).toBe('authorization_pending')
})

test('the pages of a code are not framed, run no script and send their forms to us alone (T20)', async () => {
  const device = await requestDevice(served.url)
  const browser = await anaSignedIn()
  const first = await browser.open(`${served.url}/device`)
  const consent = await reachDeviceConsent(served.url, browser, device.user_code)
  for (const { headers } of [first, consent]) {
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("form-action 'self';")
  }
})

test('of many guesses at full speed none is taken, the guesser waits, and the live code still works elsewhere (T18)', async () => {
  const device = await requestDevice(served.url)
  const count = process.env['NORRIX_TEST_LONG'] === '1' ? 10_000 : 100
  const kinds = new Map<number, number>()
  const began = performance.now()
  const guess = async (at: number) => {
    const answer = await postFrom('127.0.0.4', '/device', { code: guessed(at) })
    kinds.set(answer.status, (kinds.get(answer.status) ?? 0) + 1)
  }
  for (let at = 0; at < count; at += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, more) => guess(at + more)))
  }
  // Five, and one more for each 15 s that the guessing took.
  expect(kinds.get(422)).toBeLessThanOrEqual(6 + (performance.now() - began) / 15_000)
  expect(new Set(kinds.keys())).toEqual(new Set([422, 429]))
  const shut = await postFrom('127.0.0.4', '/device', { code: device.user_code })
  expect(shut.status).toBe(429)
  expect(Number(shut.headers['retry-after'])).toBeGreaterThan(0)
  const page = await enterCode(served.url, new Browser(), device.user_code)
  expect(page.url.pathname).toMatch(/^\/interaction\//)
})

test('a mistyped, a used, a foreign and an old code are answered in the same words (T18)', async () => {
  const used = await requestDevice(served.url)
  await approveDevice(served.url, await anaSignedIn(), used.user_code)
  const foreign = await requestDevice(served.url)
  await reachDeviceConsent(served.url, await anaSignedIn(), foreign.user_code)
  const his = await boSignedIn()
  const old = await requestDevice(served.url)
  const pages = []
  for (const code of ['BBBB-BBBB', used.user_code, foreign.user_code]) {
    pages.push(await enterCode(served.url, his, code))
  }
  served.pass(10 * 60_000)
  pages.push(await enterCode(served.url, his, old.user_code))
  expect(pages.map(isWrongCode)).toEqual([true, true, true, true])
  const texts = pages.map(({ text }) => text.replace(/value="[^"]*"/, ''))
  expect(new Set(texts).size).toBe(1)
})

test('a device that polls too fast is told to slow down, and gets no answer until it has (T19)', async () => {
  const device = await requestDevice(served.url)
  expect(await poll(device)).toBe('authorization_pending')
  for (let times = 0; times < 20; times += 1) expect(await poll(device)).toBe('slow_down')
  served.pass(6000)
  expect(await poll(device)).toBe('slow_down')
  served.pass(10_000)
  expect(await poll(device)).toBe('authorization_pending')
  // Another device's clock is its own.
  expect(await poll(await requestDevice(served.url))).toBe('authorization_pending')
})

test('a code that nobody entered runs out after ten minutes, and the device is told so', async () => {
  const device = await requestDevice(served.url)
  served.pass(10 * 60_000 + 1000)
  expect(await poll(device)).toBe('expired_token')
})

test('a code that is made up gives nothing, and the same answer however often it is asked', async () => {
  const device = await requestDevice(served.url)
  const made = { ...device, device_code: 'x'.repeat(43) }
  expect([await poll(made), await poll(made)]).toEqual(['invalid_grant', 'invalid_grant'])
})

test('ending the session before the device has polled leaves it without tokens', async () => {
  const device = await requestDevice(served.url)
  await approveDevice(served.url, await anaSignedIn(), device.user_code)
  const row = await served.db.kysely
    .selectFrom('sessions')
    .select('grant_hash')
    .where('kind', '=', 'cli')
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow()
  const tied = async () =>
    served.db.kysely
      .selectFrom('oidc_states')
      .select('model')
      .where('grant_hash', '=', row.grant_hash)
      .execute()
  expect(await tied()).toEqual([{ model: 'DeviceCode' }])
  await served.db.transaction((tx) => served.identity.states.endGrant(tx, row.grant_hash ?? ''))
  expect(await tied()).toEqual([])
  expect(await poll(device)).toBe('invalid_grant')
})

test('of two polls at once at most one gets tokens, and they are dead (T3)', async () => {
  const device = await requestDevice(served.url)
  await approveDevice(served.url, await anaSignedIn(), device.user_code)
  const both = await Promise.all([poll(device), poll(device)])
  const given = both.filter((each) => typeof each !== 'string')
  expect(given.length).toBeLessThanOrEqual(1)
  for (const tokens of given) expect(await emailOf(device, tokens)).toBeUndefined()
})

test('while codes wait, the database holds neither them nor what they are polled with (ruling 24)', async () => {
  const device = await requestDevice(served.url)
  await reachDeviceConsent(served.url, await anaSignedIn(), device.user_code)
  const dump = await served.dump()
  expect(dump).toContain('DeviceCode')
  for (const secret of [device.user_code, device.user_code.replace('-', ''), device.device_code]) {
    expect(dump).not.toContain(secret)
  }
  // What the pages go by is in the dump, and opens nothing.
  const [handle] = await served.db.kysely
    .selectFrom('oidc_states')
    .select('id_hash')
    .where('model', '=', 'DeviceCode')
    .execute()
  expect(await poll({ ...device, device_code: handle?.id_hash ?? '' })).toBe('invalid_grant')
})

test('an operator who switches codes off has neither endpoint, page nor metadata for them', async () => {
  const own = await serveIdentity({ signIn: { device: false } })
  try {
    const metadata = await fetch(`${own.url}/.well-known/openid-configuration`)
    const named: Record<string, unknown> = JSON.parse(await metadata.text())
    expect(named).not.toHaveProperty('device_authorization_endpoint')
    expect(JSON.stringify(named['grant_types_supported'])).not.toContain('device_code')
    const body = new URLSearchParams({ client_id: 'norrix-cli', scope: 'openid' })
    const asked = await fetch(`${own.url}/device-code`, { method: 'POST', body })
    expect(asked.status).toBe(404)
    const page = await new Browser().open(`${own.url}/device`)
    expect([page.status, page.text.includes('switched off')]).toEqual([404, true])
  } finally {
    await own.close()
  }
})

async function emailOf(
  { key }: Device,
  { access_token: token }: { readonly access_token: string },
): Promise<unknown> {
  const who = await fetchBound({ token, key }, `${served.url}/who`)
  const said: Record<string, unknown> = JSON.parse(await who.text())
  return said['email']
}

function guessed(at: number): string {
  const letters = 'BCDFGHJKLMNPQRSTVWXZ'
  return Array.from({ length: 8 }, (_, place) => letters[(at * 7 + place * at + place) % 20]).join(
    '',
  )
}

/** A request of a device at another address of this machine. */
async function requestFrom(address: string): Promise<Device> {
  const form = { client_id: 'norrix-cli', scope: 'openid offline_access', device: 'far-away' }
  const { text } = await postFrom(address, '/device-code', form)
  const answer: oidc.DeviceAuthorizationResponse = JSON.parse(text)
  return { ...template, ...answer }
}

function postFrom(
  address: string,
  path: string,
  form: Readonly<Record<string, string>>,
): Promise<{ status: number; text: string; headers: NodeJS.Dict<string | string[]> }> {
  return new Promise((resolve, reject) => {
    const asked = request(`${served.url}${path}`, {
      method: 'POST',
      localAddress: address,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    asked.on('error', reject)
    asked.on('response', (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (more: string) => (text += more))
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, text, headers: answer.headers }),
      )
    })
    asked.end(new URLSearchParams(form).toString())
  })
}
