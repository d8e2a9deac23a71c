// What holds of builds over a real socket: sizes, streams, headers, revocation in mid-flight.
import { createSecretKey, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatKey } from '@norrix/contract/api-key-format.policy'
import type { OperationId, Output } from '@norrix/contract/types'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startNorrix, type Norrix } from '../../../../../test/kit/norrix.ts'
import { digestOf } from '../../../../../test/kit/operation-caller.ts'
import { openDatabase, type Database } from '../../kernel/db/database.ts'
import { hashKey, hashToken, newToken } from '../../kernel/secrets.ts'
import type { Tables } from '../../schema/index.ts'

let norrix: Norrix
let db: Database<Tables>

beforeAll(async () => {
  norrix = await startNorrix({ limits: { sourceBytes: 200_000, artifactBytes: 200_000 } })
  db = openDatabase(norrix.database())
  await db.kysely.insertInto('orgs').values({ id: 'org_1', name: 'Acme', created_at: 1 }).execute()
})
afterAll(async () => {
  await db.close()
  await norrix.stop()
})

const project = { name: 'hello', version: '1.0.0', buildNumber: 1, bundleId: null }
const plan = { backend: 'command', command: 'make', artifacts: ['out/*'] }

test('a build goes from source to artifact over HTTP, and an artifact leaves as an attachment', async () => {
  const key = (await makeKey('build')).secret
  const runner = await makeRunner()
  const hello = {
    name: 'debian-1',
    os: 'debian',
    version: '1',
    platforms: ['android'],
    isolation: 'uid',
  }
  await post('/api/runner/hello', runner, hello)
  const asking = post<'leases.take'>('/api/runner/lease', runner, { waitSeconds: 20 })

  const bytes = randomBytes(150_000)
  const source = await upload(key, bytes)
  const wanted = { platform: 'android', buildType: 'release', project, plan, sourceId: source.id }
  const build = await post<'builds.create'>('/api/orgs/org_1/builds', key, wanted)
  const following = fetch(at(`/api/orgs/org_1/builds/${build.id}/log`), withToken(key))
  const { lease } = await asking
  if (lease?.build.id !== build.id) throw new Error('The runner did not get the build.')

  const inLease = `/api/leases/${lease.id}`
  const sent = Buffer.from(await (await get(`${inLease}/source`, lease.token)).arrayBuffer())
  expect(digestOf(sent)).toBe(digestOf(bytes))
  await post(`${inLease}/log`, lease.token, { offset: 0, text: 'building\n' })
  const page = Buffer.from('<script>alert(1)</script>')
  const name = encodeURIComponent('é "page".html')
  const query = `name=${name}&sha256=${digestOf(page)}&contentType=text/html`
  const artifact = await send<'leases.uploadArtifact'>(
    `${inLease}/artifacts?${query}`,
    lease.token,
    page,
  )
  await post(`${inLease}/finish`, lease.token, { outcome: 'succeeded', exitCode: 0, failure: null })

  const events = await (await following).text()
  expect(events).toContain('"text":"building\\n"')
  expect(events).toContain('id: 9\n')
  expect(events).toContain('"state":"succeeded"')
  expect(events.trimEnd().endsWith('data: {"type":"end"}')).toBe(true)

  const file = await get(`/api/orgs/org_1/builds/${build.id}/artifacts/${artifact.id}`, key)
  expect(Buffer.from(await file.arrayBuffer()).equals(page)).toBe(true)
  expect(Object.fromEntries(file.headers)).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
    'content-disposition': expect.stringMatching(
      /^attachment; .*filename\*=UTF-8''%C3%A9%20%22page%22\.html$/,
    ),
  })
  expect(norrix.log.join('')).not.toContain(lease.token)
})

test('a project far larger than allowed is refused with 413 and a sentence, and nothing is kept', async () => {
  const { secret } = await makeKey('build')
  const before = blobFiles().length
  const refused = await fetch(at(sourcePath('0'.repeat(64))), {
    ...withToken(secret),
    method: 'POST',
    body: randomBytes(3_000_000),
  })
  expect(refused.status).toBe(413)
  expect(await refused.json()).toMatchObject({ code: 'too_large' })
  expect(blobFiles()).toHaveLength(before)
})

test('an upload that a revoked key began is refused at commit, and nothing is kept', async () => {
  const key = await makeKey('build')
  const before = blobFiles().length
  const bytes = randomBytes(100_000)
  const body = new ReadableStream<Uint8Array>({
    async start(stream) {
      stream.enqueue(bytes.subarray(0, 50_000))
      await expect.poll(() => blobFiles().length).toBe(before + 1)
      await revoke(key.id)
      stream.enqueue(bytes.subarray(50_000))
      stream.close()
    },
  })
  const request = { ...withToken(key.secret), method: 'POST', body, duplex: 'half' } as RequestInit // undici's own field
  const refused = await fetch(at(sourcePath(digestOf(bytes))), request)
  expect(refused.status).toBe(401)
  expect(await refused.json()).toMatchObject({ code: 'key_revoked' })
  expect(blobFiles()).toHaveLength(before)
})

test('a log that is followed with a key closes within a second of its revocation', async () => {
  const key = await makeKey('build')
  const source = await upload(key.secret, randomBytes(100))
  const wanted = { platform: 'ios', buildType: 'debug', project, plan, sourceId: source.id }
  const build = await post<'builds.create'>('/api/orgs/org_1/builds', key.secret, {
    ...wanted,
    waitForRunner: true,
  })
  const following = await fetch(at(`/api/orgs/org_1/builds/${build.id}/log`), withToken(key.secret))
  const reader = following.body?.getReader()
  expect((await reader?.read())?.done).toBe(false)
  await revoke(key.id)
  const revoked = Date.now()
  await expect(reader?.read()).rejects.toThrow()
  expect(Date.now() - revoked).toBeLessThan(1000)
})

test('a lease’s token opens its own lease only, and a runner’s token no lease', async () => {
  const runner = await makeRunner()
  expect(
    (await fetch(at('/api/leases/lease_other/heartbeat'), { ...withToken(runner), method: 'POST' }))
      .status,
  ).toBe(403)
  const unknown = newToken('nrl_', randomBytes)
  const refused = await fetch(at('/api/leases/lease_other/heartbeat'), {
    ...withToken(unknown),
    method: 'POST',
  })
  expect(await refused.json()).toMatchObject({ code: 'lease_lost' })
})

const at = (path: string) => norrix.prod.url + path
const withToken = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const sourcePath = (sha256: string) => `/api/orgs/org_1/sources?sha256=${sha256}&files=1`

async function get(path: string, token: string): Promise<Response> {
  return expectOk(await fetch(at(path), withToken(token)))
}

async function post<Id extends OperationId>(
  path: string,
  token: string,
  body: unknown,
): Promise<Output<Id>> {
  const headers = { ...withToken(token).headers, 'content-type': 'application/json' }
  const answer = await fetch(at(path), { method: 'POST', headers, body: JSON.stringify(body) })
  return (await expectOk(answer)).json() as Promise<Output<Id>> // the mount held it to its shape
}

async function send<Id extends OperationId>(
  path: string,
  token: string,
  body: Buffer,
): Promise<Output<Id>> {
  const bytes = new Uint8Array(body)
  const answer = await fetch(at(path), { ...withToken(token), method: 'POST', body: bytes })
  return (await expectOk(answer)).json() as Promise<Output<Id>> // the mount held it to its shape
}

const upload = (key: string, bytes: Buffer) =>
  send<'builds.uploadSource'>(sourcePath(digestOf(bytes)), key, bytes)

async function expectOk(answer: Response): Promise<Response> {
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`)
  return answer
}

/** A key as the dashboard would have made it. */
async function makeKey(scopes: string): Promise<{ id: string; secret: string }> {
  const file = join(norrix.prod.dataFolder, 'secrets', 'api-key-pepper')
  const pepper = createSecretKey(readFileSync(file))
  const secret = formatKey('prod', (count) => randomBytes(count))
  const id = `key_${randomBytes(4).toString('hex')}`
  const made = {
    org_id: 'org_1',
    name: 'CI',
    created_by: 'user_1',
    created_by_name: 'ana',
    created_at: 1,
  }
  const row = {
    ...made,
    id,
    start: secret.slice(0, 12),
    secret_hash: hashKey(secret, pepper),
    scopes,
  }
  await db.kysely.insertInto('api_keys').values(row).execute()
  return { id, secret }
}

async function revoke(id: string): Promise<void> {
  await db.kysely
    .updateTable('api_keys')
    .set({ revoked_at: Date.now() })
    .where('id', '=', id)
    .execute()
}

async function makeRunner(): Promise<string> {
  const token = newToken('nrr_', randomBytes)
  const id = `run_${randomBytes(4).toString('hex')}`
  const row = {
    id,
    org_id: 'org_1',
    name: 'r',
    token_hash: hashToken(token),
    platforms: '',
    created_at: 1,
  }
  await db.kysely.insertInto('runners').values(row).execute()
  return token
}

function blobFiles(): string[] {
  const folder = join(norrix.prod.dataFolder, 'blobs')
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
}
