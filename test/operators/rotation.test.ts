import { setTimeout as sleep } from 'node:timers/promises'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Browser } from '../identity/browser.ts'
import { signInCommandLine, startCommandLine, isCallback } from '../identity/command-line.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { sitBeside, type AtTheHost } from '../kit/norrix-server.ts'
import { claim, type Person } from '../kit/people.ts'

// Each command is a process of its own, whose start takes seconds on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

/** Keys rotate while people sign in: by the real command, beside a server that is not started again. */
let norrix: Norrix
let host: AtTheHost
let ana: Person
const mine = new Browser()
const others = new Browser()

beforeAll(async () => {
  norrix = await startNorrix()
  host = sitBeside(norrix)
  ana = await claim(norrix.prod)
})
afterAll(async () => {
  host.leave()
  await norrix.stop()
})

test('a new signing key is published before it signs, the old one is still accepted, and no sign-in fails meanwhile', async () => {
  const { url } = norrix.prod
  const before = await idToken()
  expect(await published()).toEqual([kidOf(before)])
  let isOver = false
  let signedIn = 0
  await idToken(others)
  const people = (async () => {
    while (!isOver) {
      // Each verifies the id token's signature by what is published (openid-client, non-repudiation checks).
      await idToken(others)
      signedIn += 1
    }
  })()
  const rotated = await host.run(['rotate', 'signing-keys', '--after', '10s', '--json'])
  expect(rotated, rotated.stderr).toMatchObject({ code: 0 })
  const { kid } = JSON.parse(rotated.stdout)
  await untilTrue(async () => (await published()).includes(kid))
  expect(Date.now()).toBeLessThan(Date.parse(JSON.parse(rotated.stdout).signsFrom))
  expect(kidOf(await idToken())).toBe(kidOf(before))
  await untilTrue(async () => kidOf(await idToken()) === kid)
  isOver = true
  await people
  expect(signedIn).toBeGreaterThan(1)
  const keys = createRemoteJWKSet(new URL(`${url}/jwks`))
  const { payload } = await jwtVerify(before, keys, { issuer: url })
  expect(payload.iss).toBe(url)
})

test('a rotation waits for the last one, but not where the key is in wrong hands: that is gone at once', async () => {
  expect((await host.run(['rotate', 'signing-keys'])).code).toBe(0)
  const again = await host.run(['rotate', 'signing-keys'])
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('conflict · exit 1') })
  const stolen = kidOf(await idToken())
  const { stdout } = await host.run(['rotate', 'signing-keys', '--at-once', '--json'])
  const { kid } = JSON.parse(stdout)
  await untilTrue(async () => !(await published()).includes(stolen))
  expect(await published()).toEqual([kid])
  expect(kidOf(await idToken())).toBe(kid)
})

test('a browser is remembered across a rotation of the cookie keys, and no longer after the next one', async () => {
  await idToken()
  expect((await host.run(['rotate', 'cookie-keys'])).code).toBe(0)
  await sleep(2100)
  // Asked for consent, not for the password; nothing was written anew by that.
  expect(await asksForPassword(mine)).toBe(false)
  for (const _ of [1, 2]) expect((await host.run(['rotate', 'cookie-keys'])).code).toBe(0)
  await sleep(2100)
  expect(await asksForPassword(others)).toBe(true)
})

test('keys that do not exist and times that are too short are said so', async () => {
  const unknown = await host.run(['rotate', 'house-keys'])
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('no keys house-keys') })
  const short = await host.run(['rotate', 'signing-keys', '--after', '1s'])
  expect(short).toMatchObject({ code: 2, stderr: expect.stringContaining('--after 1s') })
})

/** Of a person who has proved who they are in that browser: nobody guesses passwords here. */
async function idToken(browser = mine): Promise<string> {
  const { tokens } = await signInCommandLine(norrix.prod.url, browser, ana)
  return tokens.id_token ?? ''
}

const kidOf = (token: string): string => String(decodeProtectedHeader(token).kid)

async function published(): Promise<string[]> {
  const answer = await fetch(`${norrix.prod.url}/jwks`)
  const { keys } = (await answer.json()) as { keys: { kid: string; d?: string }[] } // RFC 7517 section 5
  expect(keys.filter(({ d }) => d !== undefined)).toEqual([])
  return keys.map(({ kid }) => kid)
}

async function asksForPassword(browser: Browser): Promise<boolean> {
  const line = await startCommandLine(norrix.prod.url)
  const page = await browser.open(line.authorizeUrl.href, { stopAt: isCallback })
  return page.forms.some(({ action }) => action.endsWith('/sign-in'))
}

async function untilTrue(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await sleep(100)
}
