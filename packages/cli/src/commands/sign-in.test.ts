import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browser } from '../../../../test/identity/browser.ts'
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
  const running = startNorrixCommand(['sign-in', norrix.prod.url, '--no-browser'], at)
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
  const running = startNorrixCommand(['sign-in', norrix.prod.url, '--no-browser'], {
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
  const words = ['sign-in', norrix.prod.url, '--no-browser', '--timeout', '1s']
  const done = await runNorrix(words, at)
  expect(done.code).toBe(4)
  expect(done.stderr).toContain('sign_in_timeout')
})

test('without a terminal, sign-in ends at once and names NORRIX_API_KEY', async () => {
  const done = await runNorrix(['sign-in', norrix.prod.url], at)
  expect(done.code).toBe(4)
  expect(done.stderr).toContain('NORRIX_API_KEY')
})

test('a dev server is not signed in to as prod', async () => {
  const done = await runNorrix(['sign-in', norrix.dev.url, '--no-browser'], at)
  expect(done).toMatchObject({ code: 4, stdout: '' })
  expect(done.stderr).toContain(`fix   norrix sign-in ${norrix.dev.url} --dev`)
})
