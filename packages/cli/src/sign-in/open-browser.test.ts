import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openBrowser, openersFor } from './open-browser.ts'

const url = 'https://norrix.example.com/authorize?a=1&b=$(touch%20x)`;%PATH%'

test.each([
  ['linux', {}, [['xdg-open', url]]],
  ['darwin', {}, [['open', url]]],
  ['win32', {}, [['rundll32', 'url.dll,FileProtocolHandler', url]]],
  [
    'linux',
    { WSL_DISTRO_NAME: 'Debian' },
    [
      ['wslview', url],
      ['explorer.exe', url],
    ],
  ],
  ['linux', { WSL_DISTRO_NAME: 'Debian', BROWSER: 'firefox' }, [['firefox', url]]],
  ['linux', { BROWSER: 'firefox' }, [['firefox', url]]],
  [
    'linux',
    { BROWSER: 'firefox:w3m' },
    [
      ['firefox', url],
      ['w3m', url],
    ],
  ],
  ['linux', { BROWSER: 'chromium --incognito %s' }, [['chromium', '--incognito', url]]],
  ['win32', { BROWSER: 'C:\\firefox.exe' }, [['C:\\firefox.exe', url]]],
  ['linux', { BROWSER: 'none' }, []],
] as const)(
  'on %s with %j the address is one argument of a program (T13)',
  (platform, env, tried) => {
    expect(openersFor(url, { env, platform })).toEqual(tried)
  },
)

test('an opener that fails or is not there makes room for the next', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'norrix-browser-'))
  const seen = join(folder, 'seen')
  const script = (name: string, body: string): string => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
    return join(folder, name)
  }
  const failing = script('failing', 'exit 3')
  const opening = script('opening', `printf '%s' "$1" > '${seen}'`)
  const env = { PATH: process.env['PATH'], BROWSER: `/nowhere/browser:${failing}:${opening}` }
  await openBrowser(new URL(url), { env, platform: 'linux' })
  expect(readFileSync(seen, 'utf8')).toBe(new URL(url).href)
  rmSync(folder, { recursive: true })
})

test('an opener that hangs is left to itself after three seconds', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'norrix-browser-'))
  const pid = join(folder, 'pid')
  const hanging = join(folder, 'hanging')
  writeFileSync(hanging, `#!/bin/sh\necho $$ > '${pid}'\nexec sleep 60\n`, { mode: 0o755 })
  const began = performance.now()
  const env = { PATH: process.env['PATH'], BROWSER: hanging }
  await openBrowser(new URL(url), { env, platform: 'linux' })
  expect(performance.now() - began).toBeGreaterThan(2500)
  expect(performance.now() - began).toBeLessThan(20_000)
  process.kill(Number(readFileSync(pid, 'utf8')))
  rmSync(folder, { recursive: true })
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
