import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { Browser, type Page } from '../identity/browser.ts'
import { ana } from '../identity/command-line.ts'
import { approveDevice, reachDeviceConsent } from '../identity/device.ts'
import { freePort } from '../kit/free-port.ts'
import { serveProcess, sitAt } from '../kit/norrix-server.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { temporaryHome } from '../kit/run-norrix.ts'
import { claim } from '../kit/sign-in.ts'
import { keys, typeInTerminal, type InTerminal } from '../kit/terminal.ts'

/** Every way to sign in, as a person at a terminal meets it. docs/guide/sign-in.md shows what they read. */
let norrix: Norrix
let home: ReturnType<typeof temporaryHome>
beforeAll(async () => {
  norrix = await startNorrix({ kinds: ['prod', 'dev'] })
  await claim(norrix.prod)
})
afterAll(() => norrix.stop())
beforeEach(() => (home = temporaryHome()))
afterEach(() => home.remove())

const type = (words: string, env: Readonly<Record<string, string>> = {}): InTerminal =>
  typeInTerminal(`sign-in ${norrix.prod.url} ${words}`.trim().split(' '), {
    home: home.path,
    columns: 500,
    env,
  })

const hasSession = (): boolean => existsSync(join(home.path, '.norrix/prod/session.json'))

/** Somewhere else: a browser that cannot reach the listener of the terminal. */
async function consentAt(terminal: InTerminal, browser = new Browser()) {
  const [, address = ''] = await terminal.waitFor(/^ {2}(https?:\/\/\S+\/authorize\?\S+)$/m)
  const page = await browser.open(address)
  const consent = await browser.submit(page, '/sign-in', {
    email: ana.email,
    password: ana.password,
  })
  return { browser, consent }
}

function shownString(page: Page): string {
  return /<textarea[^>]*>([^<]+)<\/textarea>/.exec(page.text)?.[1] ?? ''
}

test('over SSH a code is shown by itself, with the reason, the place to type it and the time that is left', async () => {
  const terminal = type('', { SSH_CONNECTION: '203.0.113.7 50000 198.51.100.2 22', DISPLAY: ':10' })
  const [, code = ''] = await terminal.waitFor(/^ {2}(\w{4}-\w{4})$/m)
  expect(terminal.seen()).toContain('By a code, because this is an SSH session.')
  expect(terminal.seen()).toContain(`  ${norrix.prod.url}/device\n`)
  await terminal.waitFor(/Waiting, 9:5\d left · stop: Ctrl-C/)
  await approveDevice(norrix.prod.url, new Browser(), code)
  expect(await terminal.ended, terminal.seen()).toBe(0)
  expect(terminal.seen()).toContain('✓ Signed in as ana@example.com')
})

test('a code that is refused in the browser: the terminal says so, exit 4', async () => {
  const terminal = type('--device')
  const [, code = ''] = await terminal.waitFor(/^ {2}(\w{4}-\w{4})$/m)
  const browser = new Browser()
  const consent = await reachDeviceConsent(norrix.prod.url, browser, code)
  await browser.submit(consent, '/consent', { answer: 'cancel' })
  expect(await terminal.ended, terminal.seen()).toBe(4)
  expect(terminal.seen()).toContain('✗ The sign-in was refused in the browser.')
  expect(hasSession()).toBe(false)
})

test('a server that restarts while a code waits is no failure: the code lives on, and the sign-in with it', async () => {
  const port = await freePort()
  const host = sitAt({ environments: { prod: { data: 'data', listen: { port }, runner: false } } })
  const url = `http://localhost:${port}`
  let serving = await serveProcess(host.config)
  const link = (await host.run(['owner-link'])).stdout.trim()
  const browser = await claim({ ownerLink: async () => ({ url: link }) })
  const words = ['sign-in', url, '--device']
  const terminal = typeInTerminal(words, { home: home.path, columns: 500 })
  const [, code = ''] = await terminal.waitFor(/^ {2}(\w{4}-\w{4})$/m)
  await serving.stop()
  await terminal.waitFor(/left · the server cannot be reached; trying on/)
  serving = await serveProcess(host.config)
  await approveDevice(url, browser, code)
  expect(await terminal.ended, terminal.seen()).toBe(0)
  expect(terminal.seen()).toContain('✓ Signed in as ana@example.com')
  await serving.stop()
  host.leave()
}, 120_000)

test('by hand: what the page shows is pasted, hidden, and signs in', async () => {
  const terminal = type('--no-browser')
  const { browser, consent } = await consentAt(terminal)
  expect(terminal.seen()).toContain('By hand, because of --no-browser.')
  const end = await browser.submit(consent, '/consent', { answer: 'sign-in' })
  const carried = shownString(end)
  expect(carried).toMatch(/^norrix-sign-in\./)
  terminal.press(carried)
  await terminal.waitFor(/\d+ characters pasted, hidden: press Enter/)
  terminal.press(keys.enter)
  expect(await terminal.ended, terminal.seen()).toBe(0)
  expect(terminal.seen()).toContain('✓ Signed in as ana@example.com')
  expect(terminal.seen()).not.toContain(carried.slice(20, 60))
})

test('what was pasted and does not fit is said, and the wait goes on', async () => {
  const other = type('--no-browser')
  const { browser, consent } = await consentAt(other)
  const elsewhere = await browser.submit(consent, '/consent', { answer: 'sign-in' })
  const terminal = type('--no-browser')
  const mine = await consentAt(terminal)
  for (const [text, said] of [
    ['hunter2', 'That is no answer of a sign-in'],
    [shownString(elsewhere), 'That answers another sign-in'],
    [shownString(elsewhere).slice(0, 50), 'That is not all of the text'],
  ] as const) {
    terminal.press(`${text}${keys.enter}`)
    await terminal.waitFor(new RegExp(`! ${said}`))
  }
  const end = await mine.browser.submit(mine.consent, '/consent', { answer: 'sign-in' })
  terminal.press(`${shownString(end)}${keys.enter}`)
  expect(await terminal.ended, terminal.seen()).toBe(0)
  other.press(keys.ctrlC)
  expect(await other.ended).toBe(130)
})

test('while a browser of this machine is waited for, the address where another one ended is taken too', async () => {
  const terminal = type('--browser')
  const { browser, consent } = await consentAt(terminal)
  await terminal.waitFor(/A browser elsewhere\? Paste the address where it ends/)
  const isCallback = ({ pathname }: URL): boolean => pathname === '/callback'
  const end = await browser.submit(
    consent,
    '/consent',
    { answer: 'sign-in' },
    { stopAt: isCallback },
  )
  terminal.press(`${end.url.href}${keys.enter}`)
  expect(await terminal.ended, terminal.seen()).toBe(0)
  expect(terminal.seen()).toContain('✓ Signed in as ana@example.com')
})

test.each(['--browser', '--device', '--no-browser'])(
  'Ctrl-C during %s ends with 130, writes nothing and gives the terminal back',
  async (way) => {
    const terminal = type(way)
    await terminal.waitFor(/Waiting, \d+:\d\d left/)
    const port = /127\.0\.0\.1%3A(\d+)/.exec(terminal.seen())?.[1]
    terminal.press(keys.ctrlC)
    expect(await terminal.ended, terminal.seen()).toBe(130)
    expect(terminal.seen()).toContain('interrupted · exit 130')
    expect(hasSession()).toBe(false)
    if (way !== '--browser') return
    await expect(fetch(`http://127.0.0.1:${port}/callback`)).rejects.toThrow()
  },
)

test.each(['--browser', '--device', '--no-browser'])(
  '%s that nobody finishes ends in time, exit 4',
  async (way) => {
    const terminal = type(`${way} --timeout 2s`)
    expect(await terminal.ended, terminal.seen()).toBe(4)
    expect(terminal.seen()).toContain('✗ Nobody finished the sign-in in the browser within 0:02.')
    expect(terminal.seen()).toContain('sign_in_timeout · exit 4')
  },
)

test('a fixed port that is taken is named, exit 1', async () => {
  const first = type('--browser')
  await first.waitFor(/Waiting/)
  const port = /127\.0\.0\.1%3A(\d+)/.exec(first.seen())?.[1] ?? ''
  const second = type(`--callback-port ${port}`)
  expect(await second.ended, second.seen()).toBe(1)
  expect(second.seen()).toContain(`Port ${port} of this machine is in use or reserved`)
  first.press(keys.ctrlC)
  await first.ended
})

test('two ways at once are refused before anything is asked, exit 2', async () => {
  const terminal = type('--device --no-browser')
  expect(await terminal.ended).toBe(2)
  expect(terminal.seen()).toContain('--device and --no-browser are two ways to sign in.')
})

test('on a build server nobody is asked, terminal or not: exit 4, and the way out', async () => {
  const terminal = type('', { CI: 'true' })
  const began = performance.now()
  expect(await terminal.ended).toBe(4)
  expect(performance.now() - began).toBeLessThan(10_000)
  expect(terminal.seen()).toContain('set NORRIX_API_KEY to an API key')
})
