// Two servers on one PostgreSQL, and an operator who rotates their keys on one of them.
import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Browser } from '../identity/browser.ts'
import { signInCommandLine } from '../identity/command-line.ts'
import { runNorrixServer, serverMain } from '../kit/norrix-server.ts'
import { claim, type Person } from '../kit/people.ts'
import { runningPostgres } from '../kit/postgres/run.ts'
import { makeDatabase, runSql, type TestDatabase } from '../kit/test-database.ts'
import { startFleet, type Fleet, type FleetServer } from '../kit/two-servers.ts'

// Each command is a process of its own, whose start takes seconds on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

let database: TestDatabase
let fleet: Fleet
let a: FleetServer
let b: FleetServer
let ana: Person
const mine = new Browser()

beforeAll(async () => {
  database = await makeDatabase('')
  const { remote } = await runningPostgres()
  if (database.config.kind !== 'postgres') throw new Error('unreachable')
  fleet = await startFleet({ ...remote, database: database.config.database })
  a = await fleet.start()
  b = await fleet.start()
  const link = { url: b.prod.ownerLink.url, expiresAt: 0 }
  ana = await claim({
    kind: 'prod',
    url: fleet.publicUrl,
    ownerLink: async () => link,
    dataFolder: '',
    runner: Promise.resolve(undefined),
    stop: async () => {},
  })
  await kidOfSignIn()
})
afterAll(async () => {
  await fleet?.stop()
  await database?.drop()
})

const operate = (server: number, words: readonly string[]) =>
  runNorrixServer([...words, '--config', join(fleet.folder, `server-${server}.json`)], {
    cwd: fleet.folder,
  })
const secret = (server: number, name: string) => join(fleet.folder, `secrets-${server}`, name)

test('a signing key that was rotated on one server signs on all once the operator has copied it, and no sign-in fails', async () => {
  const before = await kidOfSignIn()
  const rotated = await operate(1, ['rotate', 'signing-keys', '--after', '20s', '--json'])
  expect(rotated, rotated.stderr).toMatchObject({ code: 0 })
  const { kid, signsFrom } = JSON.parse(rotated.stdout)
  await untilTrue(async () => (await published(a)).includes(kid))
  expect(await published(b)).toEqual([before])
  const found = await operate(2, ['check'])
  expect(found.code).toBe(1)
  expect(unwrapped(found.stdout)).toContain('signing-keys.json is not the one')
  expect(await kidOfSignIn()).toBe(before)

  copyFileSync(secret(1, 'signing-keys.json'), secret(2, 'signing-keys.json'))
  await untilTrue(async () => (await published(b)).includes(kid))
  expect(Date.now()).toBeLessThan(Date.parse(signsFrom))
  expect(unwrapped((await operate(2, ['check'])).stdout)).toContain('Those that the servers')
  // Each step of a sign-in is another server's, and each verifies the id token by what the next one publishes.
  await untilTrue(async () => (await kidOfSignIn()) === kid)
  for (const _ of [1, 2, 3]) expect(await kidOfSignIn()).toBe(kid)
  const audit = `select actor_kind from audit_events where action = 'service.rotate'`
  expect(await runSql(database.config, audit)).toEqual([{ actor_kind: 'operator' }])
})

test('a server with the keys of before goes on, but does not start, and cannot rotate them itself', async () => {
  const old = join(fleet.folder, 'secrets-old')
  cpSync(join(fleet.folder, 'secrets-2'), old, { recursive: true })
  expect((await operate(1, ['rotate', 'cookie-keys'])).code).toBe(0)
  for (const server of [a, b]) expect((await fetch(`${server.origin}/readyz`)).status).toBe(200)
  const refused = spawnSync(process.execPath, [serverMain, '--config', fleet.configFor(old)], {
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('secrets_differ') })
  expect(refused.stderr).toContain('cookie-key')
  const late = await operate(2, ['rotate', 'cookie-keys'])
  expect(late).toMatchObject({ code: 1, stderr: expect.stringContaining('secrets_differ') })
  copyFileSync(secret(1, 'cookie-key'), secret(2, 'cookie-key'))
  expect((await operate(2, ['rotate', 'cookie-keys'])).code).toBe(0)
  copyFileSync(secret(2, 'cookie-key'), secret(1, 'cookie-key'))
  await sleep(2100)
  expect(await kidOfSignIn()).toMatch(/./)
})

test('a backup holds the secrets that its database knows, and says so where a server has other ones', async () => {
  const made = await operate(1, ['backup', fleet.folder, '--json'])
  expect(made, made.stderr).toMatchObject({ code: 0 })
  expect((await operate(1, ['rotate', 'cookie-keys'])).code).toBe(0)
  const stale = await operate(2, ['backup', join(fleet.folder, 'stale.tar'), '--json'])
  expect(stale).toMatchObject({ code: 1 })
  expect(JSON.parse(stale.stdout).damaged).toEqual([
    'the secret cookie-key is not the one that the database knows',
  ])
})

/** Long sentences are broken at the terminal's width. */
function unwrapped(text: string): string {
  return text.replaceAll(/\n +/g, ' ')
}

test('a database that does not answer is named by every command, with why and what to do', async () => {
  const file = join(fleet.folder, 'server-2.json')
  const config = JSON.parse(readFileSync(file, 'utf8'))
  config.environments.prod.database.url = 'postgres://norrix@127.0.0.1:9/norrix_prod'
  writeFileSync(join(fleet.folder, 'server-9.json'), JSON.stringify(config))
  const commands = [['owner-link'], ['users', 'list'], ['rotate', 'cookie-keys'], ['backup', '.']]
  for (const words of [...commands, ['restore', 'any.tar']]) {
    const ran = await operate(9, words)
    expect(ran, words.join(' ')).toMatchObject({ code: 1, stdout: '' })
    const said = unwrapped(ran.stderr)
    expect(said).toContain(
      'norrix_prod at 127.0.0.1:9 cannot be used as norrix: connect ECONNREFUSED',
    )
    expect(said).toContain('start PostgreSQL')
  }
  const { code, stdout } = await operate(9, ['check'])
  expect(code).toBe(1)
  expect(stdout).toMatch(/✗ database .*norrix_prod/)
})

async function kidOfSignIn(): Promise<string> {
  const { tokens } = await signInCommandLine(fleet.publicUrl, mine, ana)
  return String(decodeProtectedHeader(tokens.id_token ?? '').kid)
}

/** What one server publishes; asked by the public name, as a balancer in front of it would. */
async function published({ origin }: FleetServer): Promise<string[]> {
  const answer = await fetch(`${origin}/jwks`)
  const { keys } = (await answer.json()) as { keys: { kid: string }[] } // RFC 7517 section 5
  return keys.map(({ kid }) => kid)
}

async function untilTrue(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await sleep(100)
}
