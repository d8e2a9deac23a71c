import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startIssuer } from '../identity/issuer.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { sitAt, sitBeside, type AtTheHost } from '../kit/norrix-server.ts'
import { claim } from '../kit/people.ts'
import { engineUnderTest } from '../kit/test-database.ts'

// Each command is a process of its own, whose start takes seconds on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

let norrix: Norrix
let host: AtTheHost

beforeAll(async () => {
  norrix = await startNorrix()
  host = sitBeside(norrix)
  await claim(norrix.prod)
})
afterAll(async () => {
  host.leave()
  await norrix.stop()
})

test('a server that is well is found well beside itself, and nothing of it is changed', async () => {
  const { code, stdout, stderr } = await host.run(['check'])
  expect(stdout + stderr).not.toMatch(/[✗!]/)
  expect(code).toBe(0)
  const engine = engineUnderTest === 'sqlite' ? 'is sound' : 'Those that the servers'
  for (const part of [
    engine,
    'of this version',
    'is served by Norrix',
    'leads here',
    'has an owner',
  ])
    expect(stdout).toContain(part)
  expect((await fetch(`${norrix.prod.url}/readyz`)).status).toBe(200)
})

test('the callback address of an upstream is printed as it has to be registered there', async () => {
  const publicUrl = 'http://localhost:4499'
  const callback = `${publicUrl}/sign-in/oidc-acme-sso/callback`
  const person = { sub: 'a', email: 'ana@example.com', emailVerified: true }
  const issuer = await startIssuer(callback, person)
  const upstream = { kind: 'oidc', name: 'Acme SSO', issuer: issuer.url, clientId: 'norrix' }
  const acme = sitAt({ environments: { prod: { publicUrl, data: 'data', upstreams: [upstream] } } })
  const { stdout } = await acme.run(['check'])
  expect(stdout).toContain('✓ sign-in   Acme SSO answers.')
  expect(stdout.replaceAll(/\n +/g, ' ')).toContain(`${callback} is to be registered`)
  acme.leave()
  await issuer.close()
})

// By way of a file that somebody copied and spoilt: PostgreSQL has none.
test.skipIf(engineUnderTest === 'postgres')(
  'everything that is wrong is said at once, each with its remedy',
  async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const upstream = { kind: 'oidc', name: 'Gone', issuer: 'http://127.0.0.1:9', clientId: 'x' }
    const prod = {
      listen: { port },
      publicUrl: `http://localhost:${port}`,
      data: 'data',
      upstreams: [upstream],
    }
    const bad = sitAt({
      environments: {
        prod,
        dev: { data: '/proc/norrix', listen: { port: 0 }, publicUrl: 'http://localhost:1' },
      },
    })
    const secrets = join(bad.folder, 'data', 'secrets')
    mkdirSync(secrets, { recursive: true, mode: 0o700 })
    writeFileSync(join(secrets, 'api-key-pepper'), 'x'.repeat(32))
    chmodSync(join(secrets, 'api-key-pepper'), 0o644)
    const database = join(bad.folder, 'data', 'norrix.db')
    const live = new DatabaseSync(join(norrix.prod.dataFolder, 'norrix.db'))
    live.exec(`VACUUM INTO '${database}'`)
    live.close()
    const late = new DatabaseSync(database)
    late.exec('update audit_events set at = at + 86400000')
    late.close()
    const { code, stdout } = await bad.run(['check', '--json'])
    expect(code).toBe(1)
    const { environments } = JSON.parse(stdout)
    const said = environments.flatMap(({ findings }: { findings: Finding[] }) => findings)
    const wrong = said.filter(({ verdict }: Finding) => verdict === 'wrong')
    for (const about of ['secrets', 'clock', 'port', 'sign-in', 'folder'])
      expect(wrong.map((one: Finding) => one.about)).toContain(about)
    for (const { fix } of wrong) expect(fix).toMatch(/\w/)
    const spoilt = readFileSync(database)
    copyFileSync(database, `${database}.kept`)
    writeFileSync(database, spoilt.fill(7, 4096, 12_288))
    const damaged = await bad.run(['check', '--env', 'prod'])
    expect(damaged).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/✗ database .* is damaged/),
    })
    bad.leave()
    other.close()
  },
)

interface Finding {
  readonly verdict: string
  readonly about: string
  readonly fix?: string
}
