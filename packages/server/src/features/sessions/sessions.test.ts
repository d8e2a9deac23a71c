import { afterAll, beforeAll, expect, test } from 'vitest'
import { builds } from '@norrix/contract/builds.operations'
import { createClient, type Client } from '@norrix/contract/client'
import { sessions } from '@norrix/contract/sessions.operations'
import type { Session } from '@norrix/contract/types'
import { Browser } from '../../../../../test/identity/browser.ts'
import { refresh, signInCommandLine } from '../../../../../test/identity/command-line.ts'
import { startNorrix, type Norrix } from '../../../../../test/kit/norrix.ts'
import { claim, ownPage, type Person } from '../../../../../test/kit/people.ts'
import { boundClient } from '../../../../../test/kit/proofs.ts'
import { queueBuild } from '../../../../../test/kit/queue-build.ts'
import { signUp } from '../../../../../test/sweep/sign-up.ts'
import { openDatabase } from '../../kernel/db/database.ts'
import { createLog } from '../../kernel/log.ts'
import type { Tables } from '../../schema/index.ts'

/** "Open streams close within 1 s" (product ruling 2). */
const closedWithinMs = 1000

let norrix: Norrix
let ana: Person
let bob: Person & { readonly browser: Browser }
beforeAll(async () => {
  norrix = await startNorrix({ signUp: { kind: 'open' } })
  ana = await claim(norrix.prod)
  bob = await signUp(norrix.prod, 'bob@example.com')
})
afterAll(() => norrix?.stop())

async function commandLineOf(person: Person, browser?: Browser) {
  const { line, tokens, bound } = await signInCommandLine(norrix.prod.url, browser, person)
  const client = boundClient(norrix.prod.url, bound)
  const { session } = await client.call(sessions.whoami, {})
  const renew = () => refresh(line, tokens)
  return { client, id: session?.id ?? '', renew }
}

const listed = async (client: Client): Promise<Session[]> =>
  (await client.call(sessions.list, {})).items
const revoke = (client: Client, sessionId: string) =>
  client.call(sessions.revoke, { params: { sessionId } })
const isOver = (client: Client) =>
  expect(client.call(sessions.whoami, {})).rejects.toMatchObject({ code: 'session_ended' })

test('a person sees the own sessions alone, newest first, and which of them asks', async () => {
  const line = await commandLineOf(ana)
  const [first, ...others] = await listed(line.client)
  expect(first).toMatchObject({
    id: line.id,
    kind: 'cli',
    device: 'ana-laptop',
    signedInWith: 'Norrix account',
    address: expect.stringMatching(/^(::ffff:)?127\.0\.0\.1$|^::1$/),
    current: true,
  })
  expect(others.length).toBeGreaterThan(0)
  expect(others.every(({ current }) => !current)).toBe(true)
  const moments = [first, ...others].map((session) => Date.parse(session?.createdAt ?? ''))
  expect(moments).toEqual(moments.toSorted((a, b) => b - a))
  const [current] = (await listed(ana.client)).filter((session) => session.current)
  expect(current).toMatchObject({ kind: 'browser' })
  expect((await listed(bob.client)).map(({ id }) => id)).not.toContain(line.id)
})

test('a list that is longer than a page goes on where it ended, without gaps', async () => {
  const all = (await listed(ana.client)).map(({ id }) => id)
  const paged: string[] = []
  let cursor: string | undefined
  do {
    const page = await ana.client.call(sessions.list, {
      query: { limit: 1, ...(cursor !== undefined && { cursor }) },
    })
    paged.push(...page.items.map(({ id }) => id))
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  expect(paged).toEqual(all)
})

test('T40: a revoked session is refused at its next request, cannot renew its tokens, and is listed no more', async () => {
  const line = await commandLineOf(ana)
  expect(await revoke(ana.client, line.id)).toMatchObject({ id: line.id, current: false })
  await isOver(line.client)
  await expect(line.renew()).rejects.toMatchObject({ error: 'invalid_grant' })
  expect((await listed(ana.client)).map(({ id }) => id)).not.toContain(line.id)
  // Once more changes nothing and is no fault: what was wanted is so.
  expect(await revoke(ana.client, line.id)).toMatchObject({ id: line.id })
})

test('T40: a stream that a revoked session has open ends within 1 s', async () => {
  const line = await commandLineOf(ana)
  const { orgId } = ana
  // Nothing takes it, so that its log stays open.
  const build = await queueBuild(ana.client, orgId, {
    source: Buffer.from('nobody builds this'),
    waitForRunner: true,
  })
  const events = line.client.stream(builds.log, { params: { orgId, buildId: build.id } })
  expect(await events.next()).toMatchObject({ done: false })
  const ended = events.next().then(
    () => 'another event',
    () => performance.now(),
  )
  const early = new Promise((resolve) => setTimeout(() => resolve('still open'), 1200))
  expect(await Promise.race([ended, early])).toBe('still open')
  await revoke(ana.client, line.id)
  const revoked = performance.now()
  expect(Number(await ended) - revoked).toBeLessThan(closedWithinMs)
})

test("another's session is not found, and lives on", async () => {
  const line = await commandLineOf(ana)
  await expect(revoke(bob.client, line.id)).rejects.toMatchObject({ code: 'not_found' })
  expect(await line.client.call(sessions.whoami, {})).toMatchObject({ actor: 'session' })
})

test('a revoked browser is not let in again by what it remembers', async () => {
  const carla = await signUp(norrix.prod, 'carla@example.com')
  const browser = new Browser()
  const asked = await browser.open(`${norrix.prod.url}/sign-in`)
  await browser.submit(asked, '/sign-in', { email: carla.email, password: carla.password })
  const cookie = `norrix_prod_session=${browser.cookie('norrix_prod_session')}`
  const there = cookieClient(cookie)
  const [current] = (await listed(there)).filter((session) => session.current)
  await revoke(carla.client, current?.id ?? '')
  await isOver(there)
  expect(await asksWho(browser)).toBe(true)
})

test('everywhere means everywhere: command lines, browsers, the one that asks, and what browsers remember', async () => {
  const dora = await signUp(norrix.prod, 'dora@example.com')
  const asking = await commandLineOf(dora, dora.browser)
  const lines = [asking, await commandLineOf(dora)]
  expect(await asksWho(dora.browser)).toBe(false)
  const before = await listed(asking.client)
  expect(before.length).toBeGreaterThanOrEqual(3)
  expect(await asking.client.call(sessions.revokeAll, {})).toEqual({ revoked: before.length })
  for (const { client, renew } of lines) {
    await isOver(client)
    await expect(renew()).rejects.toMatchObject({ error: 'invalid_grant' })
  }
  await isOver(dora.client)
  expect(await asksWho(dora.browser)).toBe(true)
  expect(await bob.client.call(sessions.whoami, {})).toMatchObject({ actor: 'session' })
})

test('the audit names who ended which session, once, in the transaction that ends it', async () => {
  const db = openDatabase<Tables>(
    norrix.database(),
    createLog(() => {}),
  )
  const eva = await signUp(norrix.prod, 'eva@example.com')
  const line = await commandLineOf(eva)
  const { user } = await eva.client.call(sessions.whoami, {})
  await revoke(eva.client, line.id)
  await revoke(eva.client, line.id)
  await eva.client.call(sessions.revokeAll, {})
  const events = await db.kysely
    .selectFrom('audit_events')
    .select(['action', 'actor_id', 'subject_id', 'details'])
    .where('action', 'in', ['sessions.revoke', 'sessions.revokeAll'])
    .where('actor_id', '=', user?.id ?? '')
    .orderBy('at')
    .execute()
  await db.close()
  expect(events.map(({ details, ...event }) => ({ ...event, ...JSON.parse(details) }))).toEqual([
    {
      action: 'sessions.revoke',
      actor_id: user?.id,
      subject_id: line.id,
      kind: 'cli',
      device: 'ana-laptop',
    },
    { action: 'sessions.revokeAll', actor_id: user?.id, subject_id: user?.id, revoked: 1 },
  ])
})

/** Whether the browser has to say who it is before it gets into the dashboard. */
async function asksWho(browser: Browser): Promise<boolean> {
  const page = await browser.open(`${norrix.prod.url}/sign-in`)
  return page.forms.some(({ action }) => action.endsWith('/sign-in'))
}

function cookieClient(cookie: string): Client {
  const headers = { ...ownPage(norrix.prod.url), cookie }
  return createClient({ baseUrl: norrix.prod.url, headers: () => headers })
}
