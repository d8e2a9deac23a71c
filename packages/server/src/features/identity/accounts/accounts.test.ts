import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { Browser } from '../../../../../../test/identity/browser.ts'
import { ana, claimByPassword } from '../../../../../../test/identity/command-line.ts'
import { serveIdentity } from '../../../../../../test/identity/served.ts'
import { createPasswords, passwordCost } from './password.ts'
import { createThrottle, passwordBuckets } from './throttle.ts'

test('a wrong password and an unknown address get the same answer', async () => {
  const served = await serveIdentity()
  try {
    await claimByPassword(served)
    const answers = []
    for (const email of [ana.email, 'nobody@example.com']) {
      const browser = new Browser()
      const page = await browser.open(`${served.url}/sign-in`)
      const again = await browser.submit(page, '/sign-in', { email, password: 'not the password' })
      answers.push({
        status: again.status,
        text: again.text.replaceAll(email, '').replace(/interaction\/[\w-]+/g, ''),
      })
    }
    expect(answers[0]?.status).toBe(401)
    expect(answers[0]).toEqual(answers[1])
  } finally {
    await served.close()
  }
})

test('a server hashes a password with 64 MiB and N = 2^16, whatever the tests use', async () => {
  expect(await createPasswords().hash('correct horse battery')).toMatch(/^scrypt\$16\$8\$2\$/)
})

test('an unknown person costs the server the same work as a known one', async () => {
  const passwords = createPasswords(randomBytes, { ...passwordCost, log2N: 14 })
  const known = await passwords.hash('correct horse battery')
  const cost = async (hash: string | undefined) => {
    const before = process.cpuUsage()
    await passwords.matches('not the password', hash)
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  const times = { known: Infinity, unknown: Infinity }
  // The least of several: what else the process did meanwhile is in the others.
  for (let round = 0; round < 5; round += 1) {
    times.known = Math.min(times.known, await cost(known))
    times.unknown = Math.min(times.unknown, await cost(undefined))
  }
  expect(times.unknown / times.known).toBeGreaterThan(0.6)
  expect(times.unknown / times.known).toBeLessThan(1.6)
})

test('a password matches its own hash in either Unicode form, and nothing matches no hash', async () => {
  const passwords = createPasswords(randomBytes, { log2N: 10, r: 8, p: 1 })
  const hash = await passwords.hash('caf\u00e9 caf\u00e9 caf\u00e9')
  expect(await passwords.matches('cafe\u0301 cafe\u0301 cafe\u0301', hash)).toBe(true)
  expect(await passwords.matches('cafe cafe cafe', hash)).toBe(false)
  expect(await passwords.matches('', undefined)).toBe(false)
  expect(await passwords.matches('x', 'not a hash')).toBe(false)
})

test('guessing is slowed after five tries, and the owner elsewhere still gets in', () => {
  let now = 0
  const throttle = createThrottle(() => now)
  const guesser = { account: 'ana@example.com', address: '203.0.113.7' }
  const owner = { account: 'ana@example.com', address: '198.51.100.2' }
  for (let tries = 0; tries < 5; tries += 1) {
    expect(throttle.waitSeconds(passwordBuckets(guesser))).toBe(0)
    throttle.fail(passwordBuckets(guesser))
  }
  expect(throttle.waitSeconds(passwordBuckets(guesser))).toBe(15)
  expect(throttle.waitSeconds(passwordBuckets(owner))).toBe(0)
  now += 15_000
  expect(throttle.waitSeconds(passwordBuckets(guesser))).toBe(0)
})

test('a guess spread over a thousand addresses is held to one in two seconds, and so is the wait of the owner', () => {
  let now = 0
  const throttle = createThrottle(() => now)
  let tried = 0
  for (let at = 0; at < 1000; at += 1) {
    const guess = { account: 'ana@example.com', address: `10.0.${at >> 8}.${at & 255}` }
    if (throttle.waitSeconds(passwordBuckets(guess)) > 0) continue
    throttle.fail(passwordBuckets(guess))
    tried += 1
  }
  expect(tried).toBe(40)
  const owner = { account: 'ana@example.com', address: '198.51.100.2' }
  expect(throttle.waitSeconds(passwordBuckets(owner))).toBeLessThanOrEqual(2)
  now += 2000
  expect(throttle.waitSeconds(passwordBuckets(owner))).toBe(0)
})

test('one IPv6 network counts as one address (T69)', () => {
  const throttle = createThrottle(() => 0)
  for (let at = 0; at < 30; at += 1) {
    const address = `2001:db8:1:2::${at.toString(16)}`
    throttle.fail(passwordBuckets({ account: `user-${at}@example.com`, address }))
  }
  const wait = (address: string) => throttle.waitSeconds(passwordBuckets({ account: 'x', address }))
  expect(wait('2001:db8:1:2::ffff')).toBeGreaterThan(0)
  expect(wait('2001:db8:1:3::1')).toBe(0)
})

test('open sign-up on our own page makes an account and an organization, and each address once', async () => {
  const served = await serveIdentity({ signUp: { kind: 'open' } })
  try {
    const browser = new Browser()
    const page = await browser.follow(
      await browser.open(`${served.url}/sign-in`),
      'Create an account',
    )
    const end = await browser.submit(page, '/sign-up', {
      name: 'Bo',
      email: 'Bo@Example.com',
      password: ana.password,
    })
    expect(end.url.pathname).toBe('/')
    const orgs = await served.db.kysely.selectFrom('orgs').select('name').execute()
    expect(orgs).toEqual([{ name: 'Bo' }])
    const second = new Browser()
    const again = await second.follow(
      await second.open(`${served.url}/sign-in`),
      'Create an account',
    )
    const refused = await second.submit(again, '/sign-up', {
      email: 'bo@example.com',
      password: ana.password,
    })
    expect(refused.status).toBe(422)
    expect(refused.text).toContain('There is an account for this address already.')
    expect((await served.db.kysely.selectFrom('accounts').select('id').execute()).length).toBe(1)
  } finally {
    await served.close()
  }
})

test('where sign-up is by invitation there is no sign-up page, not even for who knows its address', async () => {
  const served = await serveIdentity()
  try {
    await claimByPassword(served)
    const browser = new Browser()
    const page = await browser.open(`${served.url}/sign-in`)
    expect(page.text).not.toContain('Create an account')
    const direct = await browser.open(`${page.url.href}/sign-up`)
    expect(direct.status).toBe(404)
    const posted = await browser.post(`${page.url.href}/sign-up`, {
      email: 'eve@example.com',
      password: ana.password,
    })
    expect(posted.status).toBe(404)
    expect((await served.db.kysely.selectFrom('accounts').select('id').execute()).length).toBe(1)
  } finally {
    await served.close()
  }
})
