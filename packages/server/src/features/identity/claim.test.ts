import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browser } from '../../../../../test/identity/browser.ts'
import {
  ana,
  claimByPassword,
  isCallback,
  startCommandLine,
} from '../../../../../test/identity/command-line.ts'
import { serveIdentity, type Served } from '../../../../../test/identity/served.ts'

// One server and one life: unclaimed, claimed by one of two strangers, closed. The order of the tests is that of the life.
let served: Served
let link: string
beforeAll(async () => {
  served = await serveIdentity()
})
afterAll(() => served.close())

const rows = async () => ({
  accounts: await served.db.kysely.selectFrom('accounts').selectAll().execute(),
  orgs: await served.db.kysely.selectFrom('orgs').selectAll().execute(),
  sessions: await served.db.kysely.selectFrom('sessions').selectAll().execute(),
})

test('a server without an owner lets nobody sign in and says where the link is', async () => {
  const page = await new Browser().open(`${served.url}/sign-in`)
  expect(page.status).toBe(403)
  expect(page.text).toContain('no owner yet')
  expect(await served.identity.isClaimed()).toBe(false)
})

test('a newer owner link takes the place of an older one', async () => {
  const older = await served.identity.ownerLink()
  link = (await served.identity.ownerLink())?.url ?? ''
  const page = await new Browser().open(older?.url ?? '')
  expect(page.status).toBe(410)
  expect(page.text).toContain('claim_closed')
  expect(page.text).toContain('a newer one took its place')
})

test('opening the claim link changes nothing, however often (T102)', async () => {
  for (let times = 0; times < 3; times += 1) {
    const page = await new Browser().open(link)
    expect(page.status).toBe(200)
  }
  expect(await rows()).toEqual({ accounts: [], orgs: [], sessions: [] })
})

test('a weak password and a missing organization are told at their fields, and nothing is made', async () => {
  const browser = new Browser()
  const page = await browser.open(link)
  const again = await browser.submit(page, '/claim', {
    email: 'ana@',
    password: 'short',
    orgName: '  ',
  })
  expect(again.status).toBe(422)
  for (const name of ['orgName', 'email', 'password']) {
    expect(again.text).toMatch(
      new RegExp(`id="${name}"[^>]*aria-invalid="true" aria-describedby="[^"]*${name}-problem`),
    )
    expect(again.text).toContain(`id="${name}-problem"`)
  }
  expect(again.text).not.toContain('short')
  expect((await rows()).accounts).toEqual([])
})

test('of two strangers who claim at once exactly one becomes owner (T90)', async () => {
  // Both have the page before either claims: whoever comes later is not even shown a form.
  const strangers = await Promise.all(
    ['ana', 'eve'].map(async (who) => {
      const browser = new Browser()
      return { who, browser, page: await browser.open(link) }
    }),
  )
  const claims = strangers.map(({ who, browser, page }) => {
    const fields = { ...ana, email: `${who}@example.com`, orgName: who }
    return browser.submit(page, '/claim', fields)
  })
  const ends = await Promise.all(claims)
  expect(ends.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 410])
  const { accounts, orgs, sessions } = await rows()
  expect([accounts.length, orgs.length, sessions.length]).toEqual([1, 1, 1])
  const [member] = await served.db.kysely.selectFrom('members').selectAll().execute()
  expect(member).toMatchObject({ account_id: accounts[0]?.id, org_id: orgs[0]?.id, role: 'owner' })
  const audit = await served.db.kysely.selectFrom('audit_events').select('action').execute()
  expect(audit.map(({ action }) => action).sort()).toEqual(['accounts.create', 'service.claim'])
})

test('a claimed server gives out no more links and closes the old one', async () => {
  expect(await served.identity.isClaimed()).toBe(true)
  expect(await served.identity.ownerLink()).toBeUndefined()
  const page = await new Browser().open(link)
  expect(page.status).toBe(410)
  expect(page.text).toContain('has an owner already')
})

test('an owner link is worth nothing after fifteen minutes', async () => {
  const other = await serveIdentity()
  try {
    const old = (await other.identity.ownerLink())?.url ?? ''
    const browser = new Browser()
    const page = await browser.open(old)
    other.pass(15 * 60 * 1000)
    const end = await browser.submit(page, '/claim', ana)
    expect(end.status).toBe(410)
    expect(end.text).toContain('norrix-server owner-link')
    const claimed = await claimByPassword(other)
    const who = await claimed.open(`${other.url}/who`)
    expect(JSON.parse(who.text)).toMatchObject({ email: ana.email, via: 'cookie' })
  } finally {
    await other.close()
  }
})

test('whoever has just claimed is only asked whether the command line may come in, not for the password again', async () => {
  const fresh = await serveIdentity()
  try {
    const browser = await claimByPassword(fresh)
    const line = await startCommandLine(fresh.url)
    const page = await browser.open(line.authorizeUrl.href)
    expect(page.text).toContain('Sign in the Norrix CLI on')
    expect(page.text).not.toContain('type="password"')
    const back = await browser.submit(
      page,
      '/consent',
      { answer: 'sign-in' },
      { stopAt: isCallback },
    )
    expect(back.url.searchParams.get('code')).toBeTruthy()
  } finally {
    await fresh.close()
  }
})
