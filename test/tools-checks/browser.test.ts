import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { launchBrowser } from '../../tools/browser.ts'
import { bundledBrowser } from '../../tools/browser/bundled.ts'
import { temporaryFolder } from '../kit/temporary-folder.ts'

test('a browser starts on this machine and runs a page', async () => {
  await using browser = await launchBrowser()
  const page = await browser.newPage()
  await page.setContent('<button onclick="document.title = 1 + 1">add</button>')
  await page.getByRole('button', { name: 'add' }).click()
  expect(await page.title()).toBe('2')
})

const hasBundled = process.platform === 'linux' && process.arch === 'x64'

test.runIf(hasBundled)('the one from npm is taken, with its own libraries', async () => {
  await using browser = await launchBrowser(undefined, ['/bin/false'])
  const first = await browser.newContext()
  await first.newPage()
  await first.close()
  const page = await (await browser.newContext()).newPage()
  await page.setContent('<title>outlived a closed context</title>')
  expect(await page.title()).toBe('outlived a closed context')
  const { env } = await bundledBrowser()
  expect(env['LD_LIBRARY_PATH']).toContain('al2023')
})

test.runIf(hasBundled)(
  'where npm has none, the first of the machine’s own that starts is',
  async () => {
    const none = async (): Promise<never> => {
      throw new Error('npm has no Chromium here.')
    }
    const { executablePath, env } = await bundledBrowser()
    const own = join(temporaryFolder(), 'chromium')
    const variables = Object.entries(env).map(([name, value]) => `${name}='${value}'`)
    writeFileSync(own, `#!/bin/sh\n${variables.join(' ')} exec '${executablePath}' "$@"\n`)
    chmodSync(own, 0o755)
    await using browser = await launchBrowser(none, ['/nowhere/chromium', '/bin/false', own])
    expect(await (await browser.newPage()).evaluate('1 + 1')).toBe(2)
  },
)

test('a browser that cannot start is named in one line with the remedy', async () => {
  process.env['NORRIX_TEST_BROWSER'] = '/bin/false'
  try {
    await expect(launchBrowser()).rejects.toThrow(
      /^No browser starts here: \/bin\/false .* Fix: .*$/,
    )
  } finally {
    delete process.env['NORRIX_TEST_BROWSER']
  }
})
