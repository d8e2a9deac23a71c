import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { apiKeys } from '@norrix/contract/api-keys.operations'
import { builds } from '@norrix/contract/builds.operations'
import { createClient, type Client } from '@norrix/contract/client'
import { leases } from '@norrix/contract/leases.operations'
import { fillPath } from '@norrix/contract/operation'
import { runners } from '@norrix/contract/runners.operations'
import type { Output } from '@norrix/contract/types'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claim, openPage } from '../../../test/kit/dashboard.ts'
import { startNorrix, type Norrix } from '../../../test/kit/norrix.ts'
import { launchBrowser } from '../../../tools/browser.ts'

// The test is the runner here: it says over HTTP what a runner says, word by word, so that each state can be looked at.
let norrix: Norrix
let browser: Browser
let page: Page
let orgId: string
let key: Client
let runner: Client
let complaints: string[]
beforeAll(async () => {
  ;[norrix, browser] = await Promise.all([startNorrix(), launchBrowser()])
  ;({ page, complaints } = await openPage(browser))
  await claim(page, norrix.prod)
  orgId = /\/o\/(\w+)\//.exec(page.url())?.[1] ?? ''
  const made = await ask<Output<'apiKeys.create'>>(apiKeys.create.path, {
    name: 'CI',
    scopes: ['build'],
  })
  const added = await ask<Output<'runners.create'>>(runners.create.path, { name: 'Driven' })
  key = clientOf(made.secret)
  runner = clientOf(added.token)
  const isolation = 'uid' as const
  const hello = {
    name: null,
    os: 'Debian',
    version: '0.1.0',
    platforms: ['android' as const],
    isolation,
  }
  await runner.call(leases.hello, { body: hello })
})
afterAll(async () => {
  await browser?.close()
  await norrix?.stop()
})

/** Asks as the signed-in person, from their page. */
async function ask<T>(path: string, body: unknown): Promise<T> {
  const answer = await page.evaluate(
    async ([url, text]) => {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(url, { method: 'POST', headers, body: text })
      return { ok: response.ok, text: await response.text() }
    },
    [fillPath(path, { orgId }), JSON.stringify(body)] as const,
  )
  if (!answer.ok) throw new Error(answer.text)
  return JSON.parse(answer.text) as T // the operation's output, checked by the server
}

function clientOf(token: string): Client {
  return createClient({
    baseUrl: norrix.prod.url,
    headers: () => ({ authorization: `Bearer ${token}` }),
  })
}

const bytesOf = (text: string) => ({
  open: () => new Blob([text]),
  sizeBytes: Buffer.byteLength(text),
})
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

async function queueBuild(
  name: string,
  platform: 'android' | 'ios' = 'android',
): Promise<Output<'builds.create'>> {
  const packed = `packed ${name}`
  const query = { sha256: sha256(packed), files: 1 }
  const source = await key.upload(builds.uploadSource, {
    params: { orgId },
    query,
    bytes: bytesOf(packed),
  })
  const project = { name, version: '1.0.0', buildNumber: 7, bundleId: null }
  const plan = { backend: 'command' as const, command: 'make', artifacts: ['out/*'] }
  const body = {
    platform,
    buildType: 'release' as const,
    project,
    plan,
    sourceId: source.id,
    waitForRunner: true,
  }
  return key.call(builds.create, { params: { orgId }, body })
}

async function takeLease() {
  const { lease } = await runner.call(leases.take, { body: { waitSeconds: 5 } })
  if (!lease) throw new Error('There was no build to take.')
  const client = clientOf(lease.token)
  const params = { leaseId: lease.id }
  let offset = 0
  return {
    write: async (text: string) => {
      offset = (await client.call(leases.appendLog, { params, body: { offset, text } })).nextOffset
    },
    upload: (name: string, content: string, contentType: string) =>
      client.upload(leases.uploadArtifact, {
        params,
        query: { name, sha256: sha256(content), contentType, signer: 'CN=Test' },
        bytes: bytesOf(content),
      }),
    heartbeat: () => client.call(leases.heartbeat, { params }),
    finish: (outcome: 'succeeded' | 'cancelled') =>
      client.call(leases.finish, { params, body: { outcome, exitCode: 0, failure: null } }),
  }
}

test('a log is followed live, as plain text, and an artifact is downloaded byte for byte and runs nothing', async () => {
  const build = await queueBuild('Live')
  await page.goto(build.url)
  await page.getByRole('heading', { name: 'Live 1.0.0 (7)' }).waitFor()
  await page.getByText('Queued. The next free runner for android takes it.').waitFor()

  const lease = await takeLease()
  await lease.write('\u001b[32mcompiling\u001b[0m <img src=x onerror="document.title=\'owned\'">\n')
  const log = page.getByRole('log')
  await log.getByText('compiling').waitFor()
  expect(await log.textContent()).toBe('compiling <img src=x onerror="document.title=\'owned\'">\n')
  expect(await log.locator('img').count()).toBe(0)
  await page.getByText('running', { exact: true }).waitFor()

  const html = '<script>document.title="owned"</script>'
  await lease.upload('report.html', html, 'text/html')
  // A window's title, a bell, a direction turned around: nothing of it is left in what the page holds.
  await lease.write('a\u001b]0;owned\u0007b\u0008\u009b2mc\u009b0m\u202ed\u2067e\u200f\n')
  await log.getByText('abcde').waitFor()
  expect(await log.textContent()).toMatch(/^abcde$/m)
  await lease.write('done\n')
  await lease.finish('succeeded')
  await page.getByText('succeeded', { exact: true }).waitFor()
  await page.getByText('Complete').waitFor()

  await page.getByRole('tab', { name: 'Artifacts (1)' }).click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download report.html' }).click(),
  ])
  expect(download.suggestedFilename()).toBe('report.html')
  expect(await readFile(await download.path(), 'utf8')).toBe(html)
  expect(await page.title()).toContain('Live')
})

test('a build is cancelled after one question, and its runner hears of it', async () => {
  const build = await queueBuild('Unwanted')
  const lease = await takeLease()
  await page.goto(build.url)
  await page.getByRole('button', { name: 'Cancel build' }).click()
  const dialog = page.getByRole('dialog', { name: 'Cancel this build?' })
  await dialog.getByRole('button', { name: 'Cancel build' }).click()
  await page.getByText('cancelling', { exact: true }).waitFor()
  expect((await lease.heartbeat()).cancelled).toBe(true)
  await lease.finish('cancelled')
  await page.getByText('cancelled', { exact: true }).waitFor()
})

test('the list shows every build with its state, and its filter is in the address', async () => {
  await page.getByRole('link', { name: 'Builds' }).click()
  await page.getByRole('row', { name: /Live 1\.0\.0.*succeeded.*CI/ }).waitFor()
  await page.getByLabel('State').selectOption('cancelled')
  await expect.poll(() => page.getByRole('row').count()).toBe(2)
  expect(new URL(page.url()).search).toBe('?state=cancelled')
  await page.reload()
  await page.getByRole('row', { name: /Unwanted.*cancelled/ }).waitFor()
  expect(await page.getByRole('row').count()).toBe(2)
})

test('a log of 100,000 lines is shown whole, and its end is followed', async () => {
  const build = await queueBuild('Long')
  const lease = await takeLease()
  for (let part = 0; part < 20; part++) {
    await lease.write(
      Array.from({ length: 5_000 }, (_, line) => `line ${part * 5_000 + line}\n`).join(''),
    )
  }
  await page.goto(build.url)
  await page.getByText('100,000 lines').waitFor()
  await page.getByRole('log').getByText('line 99999').waitFor()
  const box = page.getByRole('log')
  // An element for each line would take a page to its knees: a text for hundreds of lines does not.
  expect(await box.locator('*').count()).toBeLessThan(1_000)
  const fromEnd = () => box.evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight)
  await expect.poll(fromEnd).toBeLessThan(8)
  await lease.write('one more\n')
  await box.getByText('one more').waitFor()
  await expect.poll(fromEnd).toBeLessThan(8)
  await lease.finish('succeeded')
})

test('a build that nobody can take says so, and promises nothing before that is known', async () => {
  const build = await queueBuild('Waiting', 'ios')
  let asked = (): void => {}
  const isAsked = new Promise<void>((resolve) => (asked = resolve))
  let answer = (): void => {}
  const mayAnswer = new Promise<void>((resolve) => (answer = resolve))
  await page.route('**/runner-availability*', async (route) => {
    asked()
    await mayAnswer
    await route.continue()
  })
  await page.goto(build.url)
  await isAsked
  const panel = page.getByRole('region', { name: 'Log' })
  await panel.getByText(/^Queued\.$/).waitFor()
  answer()
  await panel.getByText('No runner for ios was ever started; the build waits').waitFor()
  await page.unroute('**/runner-availability*')
})

test('a list that is shown whole can be sorted; of one that goes on, no page passes for the order of all', async () => {
  const keysPage = `${norrix.prod.url}/o/${orgId}/settings/api-keys`
  await page.goto(keysPage)
  await page.getByRole('button', { name: 'Name' }).click()
  await page.getByRole('columnheader', { name: 'Name' }).and(page.locator('[aria-sort]')).waitFor()
  for (let count = 0; count < 50; count++)
    await ask(apiKeys.create.path, { name: `Key ${count}`, scopes: ['build'] })
  await page.goto(`${keysPage}?sort=name`)
  await page.getByRole('columnheader', { name: 'Name' }).waitFor()
  expect(await page.getByRole('button', { name: 'Name', exact: true }).count()).toBe(0)
  expect(await page.locator('[aria-sort]').count()).toBe(0)
})

test('nothing on these pages was stopped by the content policy', () => {
  expect(
    complaints.filter((text) => /Content Security Policy|TrustedHTML|TrustedScript/i.test(text)),
  ).toEqual([])
})
