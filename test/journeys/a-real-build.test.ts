import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from 'tar'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { builds } from '@norrix/contract/builds.operations'
import type { Build, LogEvent } from '@norrix/contract/types'
import { ensureAapt2 } from '../../tools/aapt2.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { claim, type Person } from '../kit/people.ts'

/** The thread of this house over HTTP alone: a project goes up, the embedded runner builds it, a signed app comes down. */
const example = join(import.meta.dirname, '../../examples/hello-android')
let norrix: Norrix
let owner: Person
let tools: string

beforeAll(async () => {
  tools = mkdtempSync(join(tmpdir(), 'norrix-tools-'))
  chmodSync(tools, 0o755) // builds run as another user
  const aapt2 = await ensureAapt2({ copyInto: tools })
  norrix = await startNorrix({ runner: { env: { AAPT2: aapt2 }, readable: [tools] } })
  owner = await claim(norrix.prod)
  const runner = await norrix.prod.runner
  if (!runner) throw new Error(norrix.log.join(''))
}, 60_000)
afterAll(async () => {
  await norrix.stop()
  rmSync(tools, { recursive: true, force: true })
})

test('the example is built by the embedded runner, and the same bytes come down', async () => {
  const queued = await queue(await pack(example))
  const { log, build } = await follow(queued.id)
  expect(build.failure, log).toBeNull()
  expect(build.state).toBe('succeeded')
  expect(log).toContain('norrix: unpacked')
  const [apk] = build.artifacts
  if (!apk) throw new Error(log)
  expect(apk).toMatchObject({ name: 'app-release.apk', standIn: false })
  expect(apk.signer).toContain('CN=')
  const bytes = await download(queued.id, apk.id)
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(apk.sha256)
  expect(bytes.subarray(0, 4).toString('latin1')).toBe('PK\x03\x04')
}, 60_000)

test('a build command that fails ends as failed, with its exit code and its last words', async () => {
  const queued = await queue(await pack(example), { command: 'echo last words; exit 3' })
  const { log, build } = await follow(queued.id)
  expect(build).toMatchObject({ state: 'failed', exitCode: 3, failure: { code: 'build_failed' } })
  expect(log).toContain('last words')
}, 30_000)

test('a pattern that matches nothing names itself and what was there', async () => {
  const queued = await queue(await pack(example), {
    command: 'mkdir -p build; touch build/other.txt',
  })
  const { build } = await follow(queued.id)
  expect(build.failure?.code).toBe('artifact_missing')
  expect(build.failure?.message).toContain('other.txt')
}, 30_000)

test('a cancelled build is stopped, whatever it does with SIGTERM', async () => {
  const queued = await queue(await pack(example), {
    command: "trap '' TERM; echo going; sleep 600",
  })
  await until(queued.id, (log) => log.includes('going\n'))
  await owner.client.call(builds.cancel, { params: params(queued.id) })
  const { build } = await follow(queued.id)
  expect(build.state).toBe('cancelled')
}, 60_000)

async function pack(folder: string): Promise<Buffer> {
  const names = readdirSync(folder).filter((name) => name !== 'build' && name !== '.aapt2')
  const chunks: Buffer[] = []
  for await (const chunk of create({ gzip: true, cwd: folder, portable: true }, names)) {
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks)
}

const params = (buildId: string) => ({ orgId: owner.orgId, buildId })

async function queue(archive: Buffer, plan: { command?: string } = {}): Promise<Build> {
  const { orgId } = owner
  const sha256 = createHash('sha256').update(archive).digest('hex')
  const source = await owner.client.upload(builds.uploadSource, {
    params: { orgId },
    query: { sha256, files: 1 },
    bytes: { open: () => new Blob([new Uint8Array(archive)]), sizeBytes: archive.length },
  })
  return owner.client.call(builds.create, {
    params: { orgId },
    body: {
      platform: 'android',
      buildType: 'release',
      project: { name: 'hello-android', version: '1.2.0', buildNumber: 7, bundleId: null },
      plan: {
        backend: 'command',
        command: plan.command ?? 'node build.mjs --build-type $NORRIX_BUILD_TYPE',
        artifacts: ['build/*.apk'],
      },
      sourceId: source.id,
    },
  })
}

async function follow(buildId: string): Promise<{ log: string; build: Build }> {
  let log = ''
  for await (const { event } of events(buildId)) if (event.type === 'log') log += event.text
  return { log, build: await owner.client.call(builds.show, { params: params(buildId) }) }
}

async function until(buildId: string, wanted: (log: string) => boolean): Promise<void> {
  let log = ''
  for await (const { event } of events(buildId)) {
    if (event.type === 'log') log += event.text
    if (wanted(log)) return
  }
  throw new Error(`It ended without: ${log}`)
}

function events(buildId: string): AsyncGenerator<{ event: LogEvent }> {
  return owner.client.stream(builds.log, { params: params(buildId) })
}

async function download(buildId: string, artifactId: string): Promise<Buffer> {
  const { stream } = await owner.client.download(builds.download, {
    params: { ...params(buildId), artifactId },
  })
  return Buffer.from(await new Response(stream).arrayBuffer())
}
