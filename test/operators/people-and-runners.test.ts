import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { leases } from '@norrix/contract/leases.operations'
import { runners } from '@norrix/contract/runners.operations'
import { sessions } from '@norrix/contract/sessions.operations'
import { Browser } from '../identity/browser.ts'
import { signInCommandLine } from '../identity/command-line.ts'
import { faultOf } from '../kit/operation-caller.ts'
import { stack } from '../kit/expect-fault.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { sitBeside, type AtTheHost } from '../kit/norrix-server.ts'
import { bearer, claim, type Person } from '../kit/people.ts'
import { boundClient } from '../kit/proofs.ts'
import { runSql } from '../kit/test-database.ts'

// Each command is a process of its own, whose start takes seconds on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

/** What an operator does from the host's shell, through the real command, while the server serves. */
let norrix: Norrix
let host: AtTheHost
let ana: Person

beforeAll(async () => {
  norrix = await startNorrix()
  host = sitBeside(norrix)
})
afterAll(async () => {
  host.leave()
  await norrix.stop()
})

test('a new owner link replaces the last one, claims the server, and there is none after that', async () => {
  const first = await host.run(['owner-link'])
  const second = await host.run(['owner-link'])
  expect(first.code).toBe(0)
  expect(first.stdout).toMatch(/^http:\/\/localhost:\d+\/claim\?token=nrc_[\w-]+\n$/)
  const old = await new Browser().open(first.stdout.trim())
  expect(old.status).toBe(410)
  expect(old.text).toContain('norrix-server owner-link')
  ana = await claim({ ...norrix.prod, ownerLink: async () => linkOf(second.stdout.trim()) })
  const third = await host.run(['owner-link'])
  expect(third).toMatchObject({ code: 0, stdout: expect.stringContaining('has an owner') })
  expect(JSON.parse((await host.run(['owner-link', '--json'])).stdout)).toMatchObject({
    claimed: true,
    url: null,
  })
})

test('a disabled person is out at the next request, by cookie and by token, and comes back when enabled', async () => {
  const { bound, browser } = await signInCommandLine(norrix.prod.url, undefined, ana)
  const device = boundClient(norrix.prod.url, bound)
  const listed = JSON.parse((await host.run(['users', 'list', '--json'])).stdout)
  expect(listed.users).toMatchObject([{ email: ana.email, issuer: 'embedded', sessions: 2 }])
  const { code, stderr } = await host.run(['users', 'disable', ana.email.toUpperCase()])
  expect(stderr).toContain('2 sessions ended')
  expect(code).toBe(0)
  expect(await faultOf(device.call(sessions.whoami, {}))).toBe('session_ended')
  expect(await faultOf(ana.client.call(sessions.whoami, {}))).toBe('session_ended')
  // What the browser remembers of the last sign-in opens nothing either.
  const refused = await signInCommandLine(norrix.prod.url, browser, ana).catch(String)
  expect(refused).toContain('disabled')
  expect(await rows("select action from audit_events where actor_kind = 'operator'")).toEqual([
    { action: 'accounts.disable' },
  ])
  expect((await host.run(['users', 'enable', ana.email])).code).toBe(0)
  const again = await signInCommandLine(norrix.prod.url, undefined, ana)
  const { user } = await boundClient(norrix.prod.url, again.bound).call(sessions.whoami, {})
  expect(user?.email).toBe(ana.email)
})

test('a new password comes by stdin, ends what the old one opened, and is the only one that works', async () => {
  const { bound, browser } = await signInCommandLine(norrix.prod.url, undefined, ana)
  const weak = await host.run(['users', 'reset-password', ana.email], { input: 'short\n' })
  expect(weak).toMatchObject({ code: 2, stderr: expect.stringContaining('at least 12 characters') })
  const password = 'a new battery of horses'
  const reset = await host.run(['users', 'reset-password', ana.email], { input: `${password}\n` })
  expect(reset).toMatchObject({ code: 0, stderr: expect.stringMatching(/\d sessions? ended/) })
  expect(reset.stdout + reset.stderr).not.toContain(password)
  const device = boundClient(norrix.prod.url, bound)
  expect(await faultOf(device.call(sessions.whoami, {}))).toBe('session_ended')
  const remembered = await new Browser().open(`${norrix.prod.url}/sign-in`)
  expect(remembered.text).toContain('assword')
  await expect(signInCommandLine(norrix.prod.url, browser, ana)).rejects.toThrow()
  await signInCommandLine(norrix.prod.url, new Browser(), { ...ana, password })
  ana = { ...ana, password }
})

test("an operator's runner is known at once, survives the server's own runner, and dies when it is removed", async () => {
  const added = JSON.parse((await host.run(['runner-token', '--name', 'mac', '--json'])).stdout)
  const hello = () =>
    bearer(norrix.prod.url, added.token).call(leases.hello, {
      body: { name: null, os: 'macos', version: '1', platforms: ['ios'], isolation: 'none' },
    })
  expect(await hello()).toEqual({ id: added.id, name: 'mac' })
  const refused = await host.run(['runner-token', '--org', 'org_nobody'])
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('org_nobody') })
  expect(await rows(`select server_id, org_id from runners where id = '${added.id}'`)).toEqual([
    { server_id: null, org_id: null },
  ])
  expect((await host.run(['runner-token', '--remove', added.id])).code).toBe(0)
  expect(await faultOf(hello())).toBe('runner_unknown')
})

test("a runner for one organization is that organization's own", async () => {
  const { bound } = await signInCommandLine(norrix.prod.url, undefined, ana)
  const client = boundClient(norrix.prod.url, bound)
  const words = ['runner-token', '--org', ana.orgId, '--name', 'theirs', '--json']
  const { id } = JSON.parse((await host.run(words)).stdout)
  const params = { orgId: ana.orgId }
  const { items } = await client.call(runners.list, { params, query: {} })
  expect(items).toMatchObject([{ id, name: 'theirs', owner: 'org' }])
})

test('a command that is mistyped, or has nothing to work on, says what to type', async () => {
  const cases: readonly (readonly [words: string[], code: number, says: RegExp])[] = [
    [['ownerlink'], 2, /no command ownerlink[^]*owner-link/],
    [['users', 'list', '--jsn'], 2, /no flag --jsn/],
    [['users', 'disable'], 2, /user is missing/],
    [['owner-link', '--env', 'staging'], 2, /no environment staging/],
    [['owner-link', '--env', 'dev'], 2, /has no environment dev/],
    [['users', 'disable', 'bo@example.com'], 1, /no account bo@example\.com/],
    [['owner-link', '--config', 'elsewhere.json'], 2, /elsewhere\.json/],
  ]
  // At once: each is a process of its own, and most of its time is Node's start.
  const rans = await Promise.all(cases.map(([words]) => host.run(words)))
  for (const [index, [words, code, says]] of cases.entries()) {
    const ran = rans[index] ?? { code: null, stdout: '', stderr: '' }
    expect(ran, words.join(' ')).toMatchObject({ code, stdout: '' })
    expect(ran.stderr.replaceAll(/\n +/g, ' ')).toMatch(says)
    expect(ran.stderr).toMatch(
      new RegExp(String.raw`^✗ [^]*\n  fix +[^]*\n  \w+ · exit ${code}\n$`),
    )
    expect(ran.stderr).not.toMatch(stack)
  }
  const version = await host.run(['--version'])
  expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^norrix-server \d/) })
})

function linkOf(url: string) {
  return { url, expiresAt: 0 }
}

function rows(sql: string): Promise<object[]> {
  return runSql(norrix.database(), sql)
}
