import { hostname } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { settleIn, signedInHome, type Resident } from '../../../../../test/kit/at-the-terminal.ts'
import { startNorrix, type Norrix } from '../../../../../test/kit/norrix.ts'
import { runNorrix } from '../../../../../test/kit/run-norrix.ts'
import { typeInTerminal } from '../../../../../test/kit/terminal.ts'

let norrix: Norrix
let ana: Resident
let home: { readonly path: string; remove(): void }
beforeAll(async () => {
  norrix = await startNorrix()
  ana = await settleIn(norrix.prod)
  home = await signedInHome(norrix.prod)
})
afterAll(async () => {
  await norrix.stop()
  home.remove()
})

const run = (words: string, at = home) => runNorrix(words.split(' '), { home: at.path, here: true })

interface Listed {
  readonly id: string
  readonly kind: string
  readonly current: boolean
}

async function list(at = home): Promise<readonly Listed[]> {
  const { stdout, stderr } = await run('sessions list --json', at)
  expect(stderr).toBe('')
  return JSON.parse(stdout).sessions
}

async function anotherMachine() {
  const other = await signedInHome(norrix.prod)
  const id = (await list(other)).find(({ current }) => current)?.id ?? ''
  return { ...other, id }
}

test('sessions list shows where one is signed in, newest first, with a star at the one that asks', async () => {
  const { stdout, stderr, code } = await run('sessions list')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const device = hostname().replace(/\.(?:local|lan|home|localdomain)$/i, '')
  const [head = '', first = '', ...others] = stdout.trimEnd().split('\n')
  expect(head).toMatch(/^ {3}ID +DEVICE +SIGNED IN +LAST USED +ADDRESS$/)
  expect(first).toMatch(/^\* {2}ses_\w{10} {2}\S+ +just now +just now +(?:::ffff:)?127\.0\.0\.1$/)
  expect(first.indexOf(device)).toBe(head.indexOf('DEVICE'))
  expect(others).toEqual([expect.stringMatching(/^ {3}ses_\w{10} {2}Chrome on Linux +just now /)])
  expect((await list()).map(({ kind, current }) => ({ kind, current }))).toEqual([
    { kind: 'cli', current: true },
    { kind: 'browser', current: false },
  ])
})

test('sessions revoke ends a session elsewhere: the next command there says so, and it is listed no more', async () => {
  const other = await anotherMachine()
  const { code, stdout } = await run(`sessions revoke ${other.id}`)
  expect(code).toBe(0)
  expect(stdout).toMatch(/^✓ The session on \S+ \(ses_\w+\) is over\.\n$/)
  const there = await run('whoami', other)
  expect(there).toMatchObject({ code: 4, stdout: '' })
  expect(there.stderr).toContain('session_ended')
  expect((await list()).map(({ id }) => id)).not.toContain(other.id)
  other.remove()
})

test('the session that asks is revoked only by somebody who says yes, and is gone from this machine then', async () => {
  const other = await anotherMachine()
  const refused = await run(`sessions revoke ${other.id}`, other)
  expect(refused).toMatchObject({ code: 2, stdout: '' })
  expect(refused.stderr).toContain('fix   to end it: norrix sign-out')
  const words = ['sessions', 'revoke', other.id]
  const no = typeInTerminal(words, { home: other.path })
  await no.waitFor(/Sign out here\?/)
  no.press('n')
  expect(await no.ended).toBe(130)
  expect(await run('whoami', other)).toMatchObject({ code: 0 })
  const yes = typeInTerminal(words, { home: other.path })
  await yes.waitFor(/Sign out here\?/)
  yes.press('y')
  expect(await yes.ended).toBe(0)
  expect((await run('whoami', other)).stderr).toContain('not_signed_in')
  other.remove()
})

test('what is no id, nobody’s session, and an API key are each refused with a reason', async () => {
  const wrong = await run('sessions revoke everything')
  expect(wrong).toMatchObject({ code: 2 })
  expect(wrong.stderr).toContain("This is not a session's id: everything")
  const nobodys = await run('sessions revoke ses_0000000000')
  expect(nobodys).toMatchObject({ code: 1 })
  expect(nobodys.stderr).toContain('not_found')
  const { secret } = await ana.makeKey()
  const env = { NORRIX_API_KEY: secret, NORRIX_API_URL: norrix.prod.url }
  const key = await runNorrix(['sessions', 'list'], { home: home.path, here: true, env })
  expect(key).toMatchObject({ code: 5 })
  expect(key.stderr).toContain('key_not_allowed')
})
