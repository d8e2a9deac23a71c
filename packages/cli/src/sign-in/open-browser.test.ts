import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openBrowser, openerFor } from './open-browser.ts'

const url = 'https://norrix.example.com/authorize?a=1&b=$(touch%20x)`;%PATH%'

test.each([
  ['linux', {}, ['xdg-open', url]],
  ['darwin', {}, ['open', url]],
  ['win32', {}, ['rundll32', 'url.dll,FileProtocolHandler', url]],
  ['linux', { BROWSER: 'firefox' }, ['firefox', url]],
  ['linux', { BROWSER: 'chromium --incognito %s' }, ['chromium', '--incognito', url]],
  ['linux', { BROWSER: 'none' }, []],
] as const)('on %s with %j the address is one argument of a program', (platform, env, expected) => {
  expect(openerFor(url, { env, platform })).toEqual(expected)
})

test('nothing in the address is read by a shell, and no key of ours reaches the browser (T13)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'norrix-browser-'))
  const seen = join(folder, 'seen')
  const browser = join(folder, 'browser')
  writeFileSync(browser, `#!/bin/sh\nprintf '%s' "$1|$NORRIX_API_KEY" > '${seen}'\n`, {
    mode: 0o755,
  })
  const env = { PATH: process.env['PATH'], BROWSER: browser, NORRIX_API_KEY: 'nrx_secret' }
  await openBrowser(new URL(url), { env, platform: 'linux' })
  expect(readFileSync(seen, 'utf8')).toBe(`${new URL(url).href}|`)
  rmSync(folder, { recursive: true })
})

test('an opener that is not there is no fault', async () => {
  await openBrowser(new URL(url), { env: { BROWSER: '/nowhere/browser' }, platform: 'linux' })
})
