import { connect } from 'node:net'
import { hostname } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { settleIn, type Resident } from '../kit/at-the-terminal.ts'
import { normalised } from '../kit/normalised.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { commandProject, type TemporaryProject } from '../kit/project.ts'
import { runNorrix, temporaryHome, type Ran } from '../kit/run-norrix.ts'
import { approve } from '../kit/sign-in.ts'
import { approveDevice } from '../identity/device.ts'
import { typeInTerminal } from '../kit/terminal.ts'

/**
 * Every example of docs/cli-style.md that can be had today, as real output. Where an example shows what another test holds
 * (the signer of an app package: a-real-build.test.ts), it is left out here and said so.
 */
const home = temporaryHome()
let norrix: Norrix
let resident: Resident
let project: TemporaryProject

beforeAll(async () => {
  norrix = await startNorrix({ kinds: ['prod', 'dev'], runner: {} })
  resident = await settleIn(norrix.prod)
  project = commandProject('mkdir out; echo app > out/app-release.apk', ['out/*.apk'])
  if (!(await norrix.prod.runner)) throw new Error(norrix.log.join(''))
}, 60_000)
afterAll(async () => {
  await norrix.stop()
  project.remove()
  home.remove()
})

const plain = (text: string): string =>
  `\n${normalised(text, {
    prod: norrix.prod.url,
    dev: norrix.dev.url,
    device: hostname().replace(/\.(?:local|lan|home|localdomain)$/i, ''),
  })}`
const shown = ({ stdout, stderr }: Ran): string => plain(stderr + stdout)
const run = (words: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  runNorrix(words.split(' '), { home: home.path, cwd: project.path, env })
const withKey = (secret: string) => ({ NORRIX_API_KEY: secret, NORRIX_API_URL: norrix.prod.url })

test('sign-in', async () => {
  // Stands for a browser that opens.
  const env = { BROWSER: 'true' }
  const options = { home: home.path, columns: 500, env }
  const terminal = typeInTerminal(['sign-in', norrix.prod.url], options)
  const [address = ''] = await terminal.waitFor(/https?:\S+\/authorize\?\S+/)
  const [waiting] = await terminal.waitFor(/Waiting, .*Ctrl-C/)
  await approve(resident.browser, address)
  expect(await terminal.ended).toBe(0)
  // The line that counts down is taken away at the end; a terminal that keeps what it showed has it many times.
  const lasting = terminal.seen().replace(/(Waiting, [^\n]*Ctrl-C\s*)+/, `${waiting}\n`)
  expect(plain(lasting)).toMatchInlineSnapshot(`
    "
    Signing in to prod (https://norrix.example.com) with Norrix account.
    Your browser should open. If it does not, visit:
      https://norrix.example.com/authorize?…
    A browser elsewhere? Paste the address where it ends, and press Enter.
    Waiting, 4:58 left · stop: Ctrl-C
    ✓ Signed in as ana@example.com
      organization  Acme (org_8fK2mQ), your only one
      session       ana-laptop, 30 days unused or 22 Feb 2027 at the latest
      next          norrix build android release
    "
  `)
})

test('sign-in over SSH', async () => {
  const own = temporaryHome()
  const env = { SSH_TTY: '/dev/pts/1' }
  const terminal = typeInTerminal(['sign-in', norrix.prod.url], { home: own.path, env })
  const [, code = ''] = await terminal.waitFor(/^ {2}(\w{4}-\w{4})$/m)
  const [waiting] = await terminal.waitFor(/Waiting, .*Ctrl-C/)
  await approveDevice(norrix.prod.url, resident.browser, code)
  expect(await terminal.ended).toBe(0)
  const [clock = ''] = /\d+:\d\d/.exec(waiting) ?? []
  const once = `${waiting.replace(clock, '9:58')}\n`
  const lasting = terminal.seen().replace(/(Waiting, [^\n]*Ctrl-C\s*)+/, once)
  expect(plain(lasting.replace(code, 'BCDF-GHJK'))).toMatchInlineSnapshot(`
    "
    Signing in to prod (https://norrix.example.com) with Norrix account.
    By a code, because this is an SSH session. Other ways: --browser, --no-browser.
    Open this in a browser on any machine, and enter the code there:
      https://norrix.example.com/device
      BCDF-GHJK
    Waiting, 9:58 left · stop: Ctrl-C
    ✓ Signed in as ana@example.com
      organization  Acme (org_8fK2mQ), your only one
      session       ana-laptop, 30 days unused or 22 Feb 2027 at the latest
      next          norrix build android release
    "
  `)
  own.remove()
})

test('whoami, by session', async () => {
  const lab = await resident.makeOrg('Nightly Lab')
  await run(`orgs select ${resident.orgId}`)
  expect(lab.name).toBe('Nightly Lab')
  expect(shown(await run('whoami'))).toMatchInlineSnapshot(`
    "
    ana@example.com
      environment   prod  https://norrix.example.com      default
      organization  Acme (org_8fK2mQ), owner          orgs select, 3 Nov
      signed in     ana-laptop, 12 days ago, Norrix account
      key           file
    "
  `)
})

test('whoami, by key', async () => {
  const { secret } = await resident.makeKey(['build', 'submit'])
  const { stdout, stderr } = await run('whoami', withKey(secret))
  expect(plain(stdout + stderr)).toMatchInlineSnapshot(`
    "
    API key "GitHub Actions" (key_5tYw1p, nrx_Ks7dF2xW…)
      environment   prod  https://norrix.example.com      NORRIX_API_URL
      organization  Acme (org_8fK2mQ)                 the key's own
      scopes        build, submit · expires never
    ! Your session as ana@example.com is ignored while NORRIX_API_KEY is set.
    "
  `)
})

test('whoami, by session, without the server', async () => {
  expect(shown(await run('whoami --offline'))).toMatchInlineSnapshot(`
    "
    ! The server was not asked: this is what this machine remembers.
    ana@example.com
      environment   prod  https://norrix.example.com      default
      organization  org_8fK2mQ                            orgs select, 3 Nov
      signed in     12 days ago, until 22 Feb 2027 at the latest
      key           file
    "
  `)
})

test('orgs list', async () => {
  expect(shown(await run('orgs list'))).toMatchInlineSnapshot(`
    "
       NAME         ID              ROLE
    *  Acme         org_8fK2mQ      owner   default for prod
       Nightly Lab  org_8fK2mQ      owner
    "
  `)
})

test('orgs current', async () => {
  expect(shown(await run('orgs current'))).toMatchInlineSnapshot(`
    "
    Acme (org_8fK2mQ), owner
      because  chosen with \`norrix orgs select\` for prod on 3 Nov
    "
  `)
})

test('build android release: what the command makes here is no app, and so has no signer', async () => {
  const { code, stdout, stderr } = await run('build android release')
  expect(code, stderr).toBe(0)
  // Two streams; on a terminal the artifact stands before what comes next.
  const text = stderr.replace(/(?= {2}next )/, () => stdout)
  const withoutLog = text.replaceAll(/^ {2}│ .*\n/gm, '')
  expect(plain(withoutLog)).toMatchInlineSnapshot(`
    "
    prod · Acme · hello 1.2.0 (7) · android release
    ✓ packed     2 files, 1.8 MB
    ✓ uploaded   1.8 MB                                            0.3 s
    ✓ queued     build_6Hq2vT      https://norrix.example.com/b/6Hq2vT
    ✓ running    on embedded, 0.3 s after queueing
    ✓ succeeded  0.3 s
      app-release.apk  1.8 MB   sha256 9f2c…e1
      next  norrix builds download build_6Hq2vT
    "
  `)
})

test('a build that no runner took in time', async () => {
  const { code, stderr } = await run('build ios release --wait-for-runner --queue-timeout 1s')
  expect(code).toBe(8)
  expect(plain(stderr.slice(stderr.indexOf('✓ queued')))).toMatchInlineSnapshot(`
    "
    ✓ queued     build_6Hq2vT      https://norrix.example.com/b/6Hq2vT
    ✗ No runner took build_6Hq2vT within 0.3 s. It stays queued.
      fix          norrix builds logs build_6Hq2vT --follow goes on watching;
                   --queue-timeout waits longer
      give it up   norrix builds cancel build_6Hq2vT
      still_running · exit 8
    "
  `)
})

test('a revoked key', async () => {
  const { id, secret } = await resident.makeKey(['build'])
  await resident.revokeKey(id)
  expect(shown(await run('whoami', withKey(secret)))).toMatchInlineSnapshot(`
    "
    ✗ This API key was revoked on 3 Nov and no longer works.
      key   nrx_Ks7dF2xW… from NORRIX_API_KEY, prod
      fix   ask an admin for a new one, then replace NORRIX_API_KEY
      key_revoked · req_01JD · exit 4
    "
  `)
})

test('a key without the scope', async () => {
  const { secret } = await resident.makeKey(['submit'])
  expect(shown(await run('build android release', withKey(secret)))).toMatchInlineSnapshot(`
    "
    prod · Acme · hello 1.2.0 (7) · android release
    ✗ This API key may not create builds.
      key   "GitHub Actions" (key_5tYw1p) has submit; build is needed
      fix   an admin creates a key with build:
            https://norrix.example.com/settings/api-keys
      scope_missing · req_01JD · exit 5
    "
  `)
})

test('a key of the other environment', async () => {
  const other = await (await settleIn(norrix.dev)).makeKey(['build'])
  const ran = await run('whoami', { NORRIX_API_KEY: other.secret })
  expect(shown(ran)).toMatchInlineSnapshot(`
    "
    ✗ NORRIX_API_KEY is a dev key; this command talks to prod. Nothing was sent.
      fix   add --dev, or use a prod key
      wrong_environment · exit 4
    "
  `)
})

// What `npm start` serves on this machine would be found, and rightly so.
test.skipIf(await isTaken(4400))('no server', async () => {
  const stranger = temporaryHome()
  const words = ['sign-in', '--browser']
  expect(shown(await runNorrix(words, { home: stranger.path }))).toMatchInlineSnapshot(`
    "
    ✗ No Norrix server is set up for prod, and none runs on this machine.
      your team has one   norrix sign-in https://norrix.example.com
      try it here         in a clone of Norrix: npm start
      no_server · exit 7
    "
  `)
  stranger.remove()
})

test('sessions revoke', async () => {
  const sessions = JSON.parse((await run('sessions list --json')).stdout).sessions
  const other = sessions.find((session: { kind: string }) => session.kind === 'browser')
  const { stdout } = await run(`sessions revoke ${other.id}`)
  expect(plain(stdout.replace(other.id, 'ses_9kLm2x'))).toMatchInlineSnapshot(`
    "
    ✓ The session on Chrome on Linux (ses_9kLm2x) is over.
    "
  `)
})

test('sign-out', async () => {
  expect(shown(await run('sign-out'))).toMatchInlineSnapshot(`
    "
    ✓ Signed out of prod: the session of ana@example.com is over.
    "
  `)
})

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: 'localhost' })
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}
