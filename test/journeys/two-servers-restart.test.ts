// Two server processes on one PostgreSQL, keys rotated and both restarted, one after the other, under load.
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { create } from 'tar'
import { builds } from '@norrix/contract/builds.operations'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ana, signInCommandLine } from '../identity/command-line.ts'
import { settleIn, type Resident } from '../kit/at-the-terminal.ts'
import { addCommandRunner, type CommandRunner } from '../kit/command-runner.ts'
import { startMixedLoad, type MixedLoad } from '../kit/mixed-load.ts'
import { runningPostgres } from '../kit/postgres/run.ts'
import { commandProject } from '../kit/project.ts'
import { startRollingFleet, type RollingFleet } from '../kit/rolling-fleet.ts'
import { makeDatabase, type TestDatabase } from '../kit/test-database.ts'

vi.setConfig({ testTimeout: 900_000, hookTimeout: 180_000 })

/** In the long run the new key is published for longer than any client keeps the old ones. */
const { rounds, after, signingKeys } =
  process.env['NORRIX_TEST_LONG'] === '1'
    ? ({ rounds: 4, after: '70s', signingKeys: 'kept' } as const)
    : ({ rounds: 1, after: '8s', signingKeys: 'asked for' } as const)

let database: TestDatabase
let fleet: RollingFleet
let url: string
let resident: Resident
let runner: CommandRunner

beforeAll(async () => {
  database = await makeDatabase('')
  const { remote } = await runningPostgres()
  if (database.config.kind !== 'postgres') throw new Error('unreachable')
  fleet = await startRollingFleet({ ...remote, database: database.config.database })
  url = fleet.balancer.url
  const link = (await fleet.members[0].run(['owner-link'])).stdout.trim()
  resident = await settleIn({ kind: 'prod', url, ownerLink: async () => ({ url: link }) })
  runner = await addCommandRunner(resident, { name: 'mac-mini', platforms: 'android' })
  await runner.start()
})
afterAll(async () => {
  await runner?.remove()
  await fleet?.stop()
  await database?.drop()
})

test('a signing key is rotated and both servers are restarted, and of all that is asked meanwhile nothing fails', async ({
  annotate,
}) => {
  const before = (await signInCommandLine(url, resident.browser, ana)).tokens.id_token ?? ''
  const load = await startMixedLoad({
    url,
    resident,
    project: await smallProject(),
    signingKeys,
  })
  await sleep(1000)
  for (let round = 0; round < rounds; round += 1) {
    const kid = await rotate()
    for (const member of fleet.members) {
      expect(await member.restart()).toBe(0)
      await sleep(500)
    }
    await expect.poll(() => [...load.signers].at(-1), { timeout: 120_000 }).toBe(kid)
  }
  await load.stop()
  await annotate(inWords(load))
  expect(load.failed).toEqual([])
  expect(fleet.balancer.failed).toEqual([])
  for (const [deed, count] of Object.entries(load.done)) {
    expect(count, deed).toBeGreaterThan(rounds)
  }
  expect(load.signers.size).toBe(rounds + 1)
  await expectPublished(before)
  await expectBuilt(load.queued)
})

/** As the operator does: on one server by the command, and the secrets are copied to the other one before the new key signs. */
async function rotate(): Promise<string> {
  const [first, second] = fleet.members
  const rotated = await first.run(['rotate', 'signing-keys', '--after', after, '--json'])
  expect(rotated, rotated.stderr).toMatchObject({ code: 0 })
  cpSync(first.secretsFolder, second.secretsFolder, { recursive: true })
  return JSON.parse(rotated.stdout).kid
}

/** Both servers publish the same keys, and the one under which a token of before was signed is among them. */
async function expectPublished(token: string): Promise<void> {
  for (const { origin } of fleet.members) {
    const keys = createRemoteJWKSet(new URL(`${origin}/jwks`))
    const { payload } = await jwtVerify(token, keys, { issuer: url })
    expect(payload.iss).toBe(url)
  }
}

/** Each acknowledged build succeeded, at the first try: a runner's lease outlives the server it was given by. */
async function expectBuilt(queued: ReadonlySet<string>): Promise<void> {
  const { client, orgId } = resident
  for (const buildId of queued) {
    const build = await client.call(builds.show, { params: { orgId, buildId } })
    expect(build).toMatchObject({ state: 'succeeded', attempts: 1 })
  }
}

async function smallProject(): Promise<{ source: Buffer; command: string }> {
  const { path, remove } = commandProject('true', ['out/*'])
  const folder = mkdtempSync(join(tmpdir(), 'norrix-source-'))
  const file = join(folder, 'source.tgz')
  await create({ gzip: true, file, cwd: path }, ['README.txt'])
  const source = readFileSync(file)
  remove()
  rmSync(folder, { recursive: true })
  const lines = 'for n in 1 2 3 4 5; do echo line $n; sleep 0.2; done'
  return { source, command: `${lines}; mkdir out && echo apk > out/app.apk` }
}

function inWords({ done, signers, queued }: MixedLoad): string {
  const { refused, closedInUse } = fleet.balancer.repeated
  const deeds = Object.entries(done).map(([deed, count]) => `${deed} ${count}`)
  return [
    ...deeds,
    `${queued.size} builds`,
    `${signers.size} signing keys`,
    `asked once more: ${refused} after a refused connection, ${closedInUse} after one closed in use`,
  ].join(', ')
}
