import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browser } from '../../../../test/identity/browser.ts'
import { approveDevice, reachDeviceConsent } from '../../../../test/identity/device.ts'
import { startNorrix, type Norrix } from '../../../../test/kit/norrix.ts'
import { runNorrix, startNorrixCommand, temporaryHome } from '../../../../test/kit/run-norrix.ts'
import { ana, claim, signIn } from '../../../../test/kit/sign-in.ts'

let norrix: Norrix
const home = temporaryHome()
const at = { home: home.path, here: true } as const
const sessionFile = join(home.path, '.norrix/prod/session.json')

beforeAll(async () => {
  norrix = await startNorrix({ kinds: ['prod', 'dev'] })
  await claim(norrix.prod)
})
afterAll(async () => {
  await norrix.stop()
  home.remove()
})

test('sign-in says who, which organization, how long and what next; the browser leaves the address with the code', async () => {
  const done = await signIn(norrix.prod.url, at)
  expect(
    done.stdout
      .replace(/org_\w+/, 'org_x')
      .replace(
        /session {7}\S+, (\d+) days unused or .* at the latest/,
        'session       this, $1 days …',
      ),
  ).toBe(
    [
      '✓ Signed in as ana@example.com',
      '  organization  Acme (org_x), your only one',
      '  session       this, 30 days …',
      '  next          norrix build android release',
      '',
    ].join('\n'),
  )
  expect(done.code).toBe(0)
  expect(done.page.url.href).toBe(`${norrix.prod.url}/signed-in`)
})

test('a sign-in that is refused in the browser changes nothing, exit 4, and the terminal says so', async () => {
  const before = readFileSync(sessionFile, 'utf8')
  const running = startNorrixCommand(['sign-in', norrix.prod.url, '--browser'], at)
  const [, address = ''] = await running.waitFor(/^ {2}(https?:\/\/\S+)$/m)
  const browser = new Browser()
  const page = await browser.open(address)
  const consent = await browser.submit(page, '/sign-in', {
    email: ana.email,
    password: ana.password,
  })
  await browser.submit(consent, '/consent', { answer: 'cancel' })
  const done = await running.ended
  expect(done.code).toBe(4)
  expect(done.stderr).toContain('sign_in_denied')
  expect(readFileSync(sessionFile, 'utf8')).toBe(before)
})

test('Ctrl-C during a sign-in frees the port, changes nothing and exits 130', async () => {
  const running = startNorrixCommand(['sign-in', norrix.prod.url, '--browser'], {
    home: home.path,
  })
  const [, port = ''] = await running.waitFor(/127\.0\.0\.1%3A(\d+)/)
  running.interrupt()
  const done = await running.ended
  expect(done.code).toBe(130)
  expect(done.stderr).toContain('interrupted · exit 130')
  await expect(fetch(`http://127.0.0.1:${port}/callback`)).rejects.toThrow()
})

test('a sign-in that nobody finishes ends in time', async () => {
  for (const way of ['--browser', '--device']) {
    const done = await runNorrix(['sign-in', norrix.prod.url, way, '--timeout', '1s'], at)
    expect(done.code).toBe(4)
    expect(done.stderr).toContain('sign_in_timeout')
    expect(done.stderr).toContain('within 0:01')
  }
})

const signInByCode = (words: readonly string[] = [], env = {}) => {
  const own = temporaryHome()
  const all = ['sign-in', norrix.prod.url, '--device', ...words]
  const running = startNorrixCommand(all, { home: own.path, here: true, env })
  return { running, home: own, code: running.waitFor(/^ {2}(\w{4}-\w{4})$/m) }
}

test('--device signs in without a terminal, by a code that is entered elsewhere', async () => {
  const signing = signInByCode()
  const [, code = ''] = await signing.code
  expect(signing.running.output().stderr).toContain(
    [
      'By a code, because of --device.',
      'Open this in a browser on any machine, and enter the code there:',
      `  ${norrix.prod.url}/device`,
      `  ${code}`,
      '',
    ].join('\n'),
  )
  await approveDevice(norrix.prod.url, new Browser(), code)
  const done = await signing.running.ended
  expect([done.code, done.stdout.split('\n')[0]]).toEqual([0, '✓ Signed in as ana@example.com'])
  const whoami = await runNorrix(['whoami'], { home: signing.home.path, here: true })
  expect(whoami.stdout).toContain('ana@example.com')
  signing.home.remove()
})

test('a code that is refused in the browser ends the sign-in, exit 4, and writes nothing', async () => {
  const signing = signInByCode()
  const [, code = ''] = await signing.code
  const browser = new Browser()
  const consent = await reachDeviceConsent(norrix.prod.url, browser, code)
  await browser.submit(consent, '/consent', { answer: 'cancel' })
  const done = await signing.running.ended
  expect(done.code).toBe(4)
  expect(done.stderr).toContain('The sign-in was refused in the browser.')
  expect(existsSync(join(signing.home.path, '.norrix/prod/session.json'))).toBe(false)
  signing.home.remove()
})

test('Ctrl-C while a code waits writes nothing and exits 130', async () => {
  const signing = signInByCode()
  await signing.code
  signing.running.interrupt()
  const done = await signing.running.ended
  expect(done.code).toBe(130)
  expect(existsSync(join(signing.home.path, '.norrix/prod/session.json'))).toBe(false)
  signing.home.remove()
})

test('to paste takes a terminal, and without one it ends at once', async () => {
  for (const words of [['--no-browser'], ['--no-browser', '--json'], ['--no-browser', '-n']]) {
    const done = await runNorrix(['sign-in', norrix.prod.url, ...words], at)
    expect(done.code).toBe(4)
    expect(done.stdout + done.stderr).toContain('no_terminal')
  }
})

test('a server that takes no codes is said to, with the other way', async () => {
  const other = await startNorrix({ signIn: { device: false } })
  try {
    const done = await runNorrix(['sign-in', other.prod.url, '--device'], { here: true })
    expect(done.code).toBe(7)
    expect(done.stderr).toContain('does not sign in by codes')
    expect(done.stderr).toContain('norrix sign-in --no-browser')
  } finally {
    await other.stop()
  }
})

test('without a terminal, sign-in ends at once and names NORRIX_API_KEY', async () => {
  const done = await runNorrix(['sign-in', norrix.prod.url], at)
  expect(done.code).toBe(4)
  expect(done.stderr).toContain('NORRIX_API_KEY')
})

test('a dev server is not signed in to as prod', async () => {
  const done = await runNorrix(['sign-in', norrix.dev.url, '--browser'], at)
  expect(done).toMatchObject({ code: 4, stdout: '' })
  expect(done.stderr).toContain(`fix   norrix sign-in ${norrix.dev.url} --dev`)
})
