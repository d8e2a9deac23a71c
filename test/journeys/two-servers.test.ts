// Two server processes on one PostgreSQL: what one does holds on the other.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { apiKeys } from '@norrix/contract/api-keys.operations'
import { builds } from '@norrix/contract/builds.operations'
import { Fault } from '@norrix/contract/fault'
import { leases } from '@norrix/contract/leases.operations'
import { runners } from '@norrix/contract/runners.operations'
import { sessions } from '@norrix/contract/sessions.operations'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientAt, ownerOf, sendClaim, tokenOf } from '../kit/fleet-people.ts'
import { runningPostgres } from '../kit/postgres/run.ts'
import { queueBuild } from '../kit/queue-build.ts'
import { makeDatabase, type TestDatabase } from '../kit/test-database.ts'
import { signUp } from '../sweep/sign-up.ts'
import { startFleet, type Fleet, type FleetServer } from '../kit/two-servers.ts'

let database: TestDatabase
let fleet: Fleet
let a: FleetServer
let b: FleetServer
let owner: { orgId: string; cookie: string }

beforeAll(async () => {
  database = await makeDatabase('')
  const { remote } = await runningPostgres()
  if (database.config.kind !== 'postgres') throw new Error('unreachable')
  fleet = await startFleet({ ...remote, database: database.config.database })
  a = await fleet.start()
  b = await fleet.start()
})
afterAll(async () => {
  await fleet?.stop()
  await database?.drop()
})

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'accepted',
    (error: unknown) => (error instanceof Fault ? error.code : String(error)),
  )

test('of all claim links one works, on every server, and once', async () => {
  const [older, newer] = [tokenOf(a.prod.ownerLink), tokenOf(b.prod.ownerLink)]
  const tries = [a, b, a, b].map((server) => sendClaim(fleet, server, newer))
  const old = [a, b].map((server) => sendClaim(fleet, server, older))
  for (const { cookie } of await Promise.all(old)) expect(cookie).toBe(undefined)
  const cookies = (await Promise.all(tries)).flatMap(({ cookie }) => (cookie ? [cookie] : []))
  expect(cookies).toHaveLength(1)
  owner = await ownerOf(fleet, b, cookies[0] ?? '')
  const rows = await clientAt(fleet, a, owner).call(sessions.whoami, {})
  expect(rows.orgs).toHaveLength(1)
})

test('a key that was revoked on one server is refused by the other at the very next request', async () => {
  const { orgId } = owner
  const person = clientAt(fleet, a, owner)
  for (let round = 0; round < 20; round += 1) {
    const [revoking, using] = round % 2 ? [a, b] : [b, a]
    const { apiKey, secret } = await person.call(apiKeys.create, {
      params: { orgId },
      body: { name: `key ${round}`, scopes: ['build'], expiresAt: null },
    })
    const key = clientAt(fleet, using, { token: secret })
    expect((await key.call(sessions.whoami, {})).actor).toBe('key')
    const params = { orgId, keyId: apiKey.id }
    await clientAt(fleet, revoking, owner).call(apiKeys.revoke, { params, body: {} })
    expect(await codeOf(key.call(sessions.whoami, {}))).toBe('key_revoked')
  }
})

test('a session that was ended on one server is refused by the other at the very next request', async () => {
  for (let round = 0; round < 5; round += 1) {
    const { cookie } = await signUp({ kind: 'prod', url: fleet.publicUrl }, `p${round}@example.com`)
    const [ending, using] = round % 2 ? [b, a] : [a, b]
    const there = clientAt(fleet, using, { cookie })
    expect((await there.call(sessions.whoami, {})).actor).toBe('session')
    await clientAt(fleet, ending, { cookie }).call(sessions.end, {})
    expect(await codeOf(there.call(sessions.whoami, {}))).toBe('session_ended')
  }
})

test('a build queued on one server is taken at once by a runner that waits at the other, and its log crosses too', async () => {
  const { orgId } = owner
  const here = clientAt(fleet, a, owner)
  const { token } = await here.call(runners.create, { params: { orgId }, body: { name: 'mac' } })
  const runner = clientAt(fleet, b, { token })
  const body = { name: null, os: 'debian', version: '1', isolation: 'uid' as const }
  await runner.call(leases.hello, { body: { ...body, platforms: ['android'] } })
  const taken: number[] = []
  const told: number[] = []
  for (let round = 0; round < 6; round += 1) {
    const asking = runner.call(leases.take, { body: { waitSeconds: 20 } }).then((answer) => ({
      lease: answer.lease,
      at: Date.now(),
    }))
    await sleep(100 + Math.random() * 300)
    const build = await queueBuild(here, orgId, { source: randomBytes(300) })
    const queued = Date.now()
    const { lease, at } = await asking
    taken.push(at - queued)
    expect(lease?.build.id).toBe(build.id)
    const leaseId = lease?.id ?? ''
    const under = clientAt(fleet, b, { token: lease?.token ?? '' })
    const log = here.stream(builds.log, { params: { orgId, buildId: build.id }, query: {} })
    await log.next()
    await sleep(Math.random() * 200)
    await under.call(leases.appendLog, { params: { leaseId }, body: { offset: 0, text: 'hi\n' } })
    const said = Date.now()
    for await (const { event } of log) if (event.type === 'log') break
    told.push(Date.now() - said)
    const end = { outcome: 'failed' as const, exitCode: 1, failure: null }
    await under.call(leases.finish, { params: { leaseId }, body: end })
  }
  // Without a ring a runner looks again after 2 s, a log after 1 s: half of that on average.
  expect(median(taken), `taken after ${taken.join(', ')} ms`).toBeLessThan(500)
  expect(median(told), `told after ${told.join(', ')} ms`).toBeLessThan(300)
})

test('what one server stored the other gives out', async () => {
  const { orgId } = owner
  const build = await queueBuild(clientAt(fleet, a, owner), orgId, { source: randomBytes(300) })
  const { token } = await clientAt(fleet, b, owner).call(runners.create, {
    params: { orgId },
    body: { name: 'linux' },
  })
  const runner = clientAt(fleet, b, { token })
  const hello = { name: null, os: 'debian', version: '1', isolation: 'uid' as const }
  await runner.call(leases.hello, { body: { ...hello, platforms: ['android'] } })
  const { lease } = await runner.call(leases.take, { body: { waitSeconds: 20 } })
  expect(lease?.build.id).toBe(build.id)
  const under = clientAt(fleet, b, { token: lease?.token ?? '' })
  const source = await under.download(leases.source, { params: { leaseId: lease?.id ?? '' } })
  expect(Buffer.from(await new Response(source.stream).arrayBuffer())).toHaveLength(300)
})

test('a server whose secrets are other ones, or missing, does not start and says which file', () => {
  const other = join(fleet.folder, 'other')
  cpSync(join(fleet.folder, 'secrets-1'), other, { recursive: true })
  writeFileSync(join(other, 'api-key-pepper'), randomBytes(32))
  const refusal = runServer(fleet.configFor(other))
  expect(refusal.stderr).toContain(`The secret ${join(other, 'api-key-pepper')} is not the one`)
  expect(refusal.stderr).toContain('secrets_differ')
  expect(refusal.status).toBe(1)
  rmSync(join(other, 'signing-keys.json'))
  expect(runServer(fleet.configFor(other)).stderr).toContain('signing-keys.json is missing')
  expect(existsSync(join(other, 'signing-keys.json'))).toBe(false)
})

test('a server that starts later has no claim link to give', async () => {
  const late = await fleet.start()
  expect(late.prod.ownerLink ?? null).toBe(null)
})

function runServer(config: string): { status: number | null; stderr: string } {
  const main = fileURLToPath(new URL('../../packages/server/src/main.mjs', import.meta.url))
  const env = { PATH: process.env['PATH'] ?? '', NORRIX_SERVER_CONFIG: config }
  return spawnSync(process.execPath, [main], {
    env,
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((x, y) => x - y)[Math.floor(numbers.length / 2)] ?? 0
}
