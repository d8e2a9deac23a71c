import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ensureAapt2 } from '../../tools/aapt2.ts'
import { inABrowser, takeSeat } from '../kit/in-a-browser.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { unpackCli } from '../kit/packed-cli.ts'
import { startNorrixCommand, type Running, type RunOptions } from '../kit/run-norrix.ts'
import { claimIn, createKeyIn, leaveKeyDialog, revokeKeyIn } from '../../tools/person-in-browser.ts'

/** The thread of this house with a person at its browser and a pipeline that has nothing but a key. */
const ana = { email: 'ana@example.com', password: 'correct horse battery', orgName: 'Acme' }
const example = join(import.meta.dirname, '../../examples/hello-android')

await inABrowser((browser) => {
  let norrix: Norrix
  let folder: string
  let cli: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'norrix-thread-'))
    chmodSync(folder, 0o755) // builds run as another user
    const tools = join(folder, 'tools')
    mkdirSync(tools, { mode: 0o755 })
    const aapt2 = await ensureAapt2({ copyInto: tools })
    const env = { AAPT2: aapt2, GATE: join(tools, 'gate') }
    norrix = await startNorrix({ runner: { env, readable: [tools] } })
    cli = await unpackCli(norrix.prod.url, join(folder, 'cli'))
    if (!(await norrix.prod.runner)) throw new Error(norrix.log.join(''))
  })
  afterAll(async () => {
    await norrix?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** The example, except that its build waits for the gate: so the page is looked at while the build runs. */
  function project(): string {
    const path = join(folder, 'project')
    cpSync(example, path, {
      recursive: true,
      filter: (from) => from !== join(example, 'build') && from !== join(example, '.aapt2'),
    })
    const config = join(path, 'norrix.config.ts')
    const before = readFileSync(config, 'utf8')
    const wait = 'echo at the gate; until [ -e $GATE ]; do sleep 0.1; done; '
    const after = before.replace("command: '", `command: '${wait}`)
    expect(after).not.toBe(before)
    writeFileSync(config, after)
    return path
  }

  test('a key copied in the dashboard builds an app whose log is followed live, gives the same bytes to page and command line, and is dead at the call after its revocation', async () => {
    const { context, page, violations, incidents } = await takeSeat(browser)
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const { url } = norrix.prod
    await claimIn(page, (await norrix.prod.ownerLink())?.url ?? '', ana)
    const shown = await createKeyIn(page, url, { name: 'GitHub Actions', scopes: ['build'] })
    await leaveKeyDialog(page)
    const key = await page.evaluate(() => navigator.clipboard.readText())
    expect(key).toBe(shown)

    const run = (words: readonly string[], options: RunOptions = {}): Running =>
      startNorrixCommand(words, {
        main: cli,
        ...options,
        env: { NORRIX_API_KEY: key, NORRIX_API_URL: url },
      })
    const building = run(['build', 'android', 'release'], { cwd: project() })
    const [buildUrl, buildId = ''] = await building.waitFor(/https?:\S+\/b\/(\w+)/)
    await followWhileItRuns(page, buildUrl, () => writeFileSync(join(folder, 'tools/gate'), ''))
    const built = await building.ended
    expect(built, built.stderr).toMatchObject({ code: 0 })
    expect(built.stderr + built.stdout).not.toContain(key)

    const fromPage = await downloadIn(page, 'app-release.apk')
    const out = join(folder, 'out')
    const downloaded = await run(['builds', 'download', `build_${buildId}`, '--out', out]).ended
    expect(downloaded, downloaded.stderr).toMatchObject({ code: 0 })
    const fromCli = readFileSync(join(out, 'app-release.apk'))
    expect(fromCli.subarray(0, 4).toString('latin1')).toBe('PK\x03\x04')
    expect(fromPage.equals(fromCli)).toBe(true)

    await revokeKeyIn(page, url, 'GitHub Actions')
    const refused = await fetch(`${url}/api/whoami`, {
      headers: { authorization: `Bearer ${key}` },
    })
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({
      error: 'Unauthorized',
      message: 'Invalid or expired API key',
      code: 'key_revoked',
    })
    const { code, stderr } = await run(['builds', 'list']).ended
    expect(code, stderr).toBe(4)
    expect(stderr).toMatch(/This API key was revoked .* and no longer works\./)
    expect({ violations, incidents }).toEqual({ violations: [], incidents: [] })
  }, 120_000)
})

/** Opens a build's page while it runs, sees its log grow, and stays until it has succeeded. */
async function followWhileItRuns(page: Page, url: string, openGate: () => void): Promise<void> {
  await page.goto(url)
  const log = page.getByRole('log')
  await log.getByText('at the gate').waitFor()
  await page.getByText('running', { exact: true }).waitFor()
  await page.getByText('Live', { exact: true }).waitFor()
  const before = await log.innerText()
  openGate()
  await page.getByText('succeeded', { exact: true }).waitFor()
  await page.getByText('Complete', { exact: true }).waitFor()
  const after = await log.innerText()
  expect(after.startsWith(before.trimEnd())).toBe(true)
  expect(after.length).toBeGreaterThan(before.length)
}

async function downloadIn(page: Page, name: string): Promise<Buffer> {
  await page.getByRole('tab', { name: /^Artifacts/ }).click()
  const coming = page.waitForEvent('download')
  await page.getByRole('link', { name: `Download ${name}` }).click()
  const download = await coming
  expect(download.suggestedFilename()).toBe(name)
  return readFile(await download.path())
}
