import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { apiKeys } from '@norrix/contract/api-keys.operations'
import { builds } from '@norrix/contract/builds.operations'
import type { Client } from '@norrix/contract/client'
import { sessions } from '@norrix/contract/sessions.operations'
import type { Build } from '@norrix/contract/types'
import { clientIn, inABrowser, takeSeat, type Seat } from '../kit/in-a-browser.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { bearer } from '../kit/people.ts'
import { queueBuild } from '../kit/queue-build.ts'
import { claimIn, revokeKeyIn } from '../../tools/person-in-browser.ts'

/** "Open streams close within 1 s" (ruling 2), seen from where the stream is read. */
const ana = { email: 'ana@example.com', password: 'correct horse battery', orgName: 'Acme' }
const closedWithinMs = 1000

await inABrowser((browser) => {
  let norrix: Norrix
  let seat: Seat
  let client: Client
  let orgId: string
  let build: Build

  beforeAll(async () => {
    ;[norrix, seat] = await Promise.all([startNorrix(), takeSeat(browser)])
    await claimIn(seat.page, (await norrix.prod.ownerLink())?.url ?? '', ana)
    client = clientIn(seat.context, norrix.prod)
    orgId = (await client.call(sessions.whoami, {})).orgs[0]?.id ?? ''
    // Nothing takes it, so that its log stays open.
    build = await queueBuild(client, orgId, { source: randomBytes(100), waitForRunner: true })
  })
  afterAll(() => norrix?.stop())

  test('a log that is followed with a key ends within 1 s of the key’s revocation in the dashboard', async () => {
    const body = { name: 'GitHub Actions', scopes: ['build' as const] }
    const { secret } = await client.call(apiKeys.create, { params: { orgId }, body })
    const params = { orgId, buildId: build.id }
    const events = bearer(norrix.prod.url, secret).stream(builds.log, { params })
    expect(await events.next()).toMatchObject({ done: false })
    const ended = events.next().then(
      () => 'another event',
      () => performance.now(),
    )
    const early = new Promise((resolve) => setTimeout(() => resolve('still open'), 1500))
    expect(await Promise.race([ended, early])).toBe('still open')
    let revoked = Infinity
    seat.page.on('response', (response) => {
      if (response.url().endsWith('/revoke')) revoked = performance.now()
    })
    await revokeKeyIn(seat.page, norrix.prod.url, 'GitHub Actions')
    const took = Number(await ended) - revoked
    expect(took).toBeLessThan(closedWithinMs)
  })

  test('a build’s page stops following within 1 s of signing out in another tab, and asks to sign in', async () => {
    const page = await seat.context.newPage()
    const isLog = (url: string): boolean => new URL(url).pathname.endsWith('/log')
    const opened = page.waitForResponse((response) => isLog(response.url()))
    await page.goto(build.url)
    expect((await opened).status()).toBe(200)
    await page.getByText('Live', { exact: true }).waitFor()
    const ended = new Promise<number>((resolve) => {
      const listen = (request: { url(): string }): void => {
        if (isLog(request.url())) resolve(performance.now())
      }
      page.on('requestfailed', listen)
      page.on('requestfinished', listen)
    })
    let signedOut = Infinity
    seat.page.on('response', (response) => {
      if (new URL(response.url()).pathname === '/sign-out') signedOut = performance.now()
    })
    await seat.page.goto(norrix.prod.url)
    await seat.page.getByRole('button', { name: /^Account:/ }).click()
    await seat.page.getByRole('menuitem', { name: 'Sign out' }).click()
    expect((await ended) - signedOut).toBeLessThan(closedWithinMs)
    await page.getByLabel('Password').waitFor()
    expect(seat.violations).toEqual([])
  })
})
