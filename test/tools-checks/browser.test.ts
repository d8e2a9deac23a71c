import { expect, test } from 'vitest'
import { launchBrowser } from '../../tools/browser.ts'
import { bundledBrowser } from '../../tools/browser/bundled.ts'

test('a browser starts on this machine and runs a page', async () => {
  await using browser = await launchBrowser()
  const page = await browser.newPage()
  await page.setContent('<button onclick="document.title = 1 + 1">add</button>')
  await page.getByRole('button', { name: 'add' }).click()
  expect(await page.title()).toBe('2')
})

test.runIf(process.platform === 'linux' && process.arch === 'x64')(
  'where no browser of the machine starts, the one from npm does, with its own libraries',
  async () => {
    await using browser = await launchBrowser(['/bin/false'])
    const first = await browser.newContext()
    await first.newPage()
    await first.close()
    const page = await (await browser.newContext()).newPage()
    await page.setContent('<title>outlived a closed context</title>')
    expect(await page.title()).toBe('outlived a closed context')
    const { env } = await bundledBrowser()
    expect(env['LD_LIBRARY_PATH']).toContain('al2023')
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
