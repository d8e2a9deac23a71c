import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { builds } from '@norrix/contract/builds.operations'
import { sessions } from '@norrix/contract/sessions.operations'
import { signInCommandLine } from '../identity/command-line.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { serverMain, sitAt, sitBeside, type AtTheHost } from '../kit/norrix-server.ts'
import { bearer, claim, type Person } from '../kit/people.ts'
import { boundClient, type Bound } from '../kit/proofs.ts'
import { moveTo } from './elsewhere.ts'
import { startWriting, type Written } from './write-load.ts'

// Each command is a process of its own, whose start takes seconds on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

/** A backup beside a server that is being written to, and a restore of it elsewhere, both through the real command. */
const isLong = process.env['NORRIX_TEST_LONG'] === '1'
const seconds = isLong ? 60 : 3
let norrix: Norrix
let host: AtTheHost
let ana: Person
let held: Bound
let written: Written
let backedUp: { readonly file: string; readonly startedAt: number }

beforeAll(async () => {
  norrix = await startNorrix()
  ana = await claim(norrix.prod)
  held = (await signInCommandLine(norrix.prod.url, undefined, ana)).bound
  host = sitBeside(norrix)
  const writing = startWriting(norrix.prod, ana)
  written = writing.written
  const until = Date.now() + seconds * 1000
  while (Date.now() < until || written.artifacts.length < 3 || written.keys.length < 3)
    await sleep(100)
  const startedAt = Date.now()
  const made = await host.run(['backup', host.folder, '--json'])
  await sleep(500)
  await writing.stop()
  expect(made, made.stderr).toMatchObject({ code: 0 })
  backedUp = { file: JSON.parse(made.stdout).file, startedAt }
})
afterAll(async () => {
  host.leave()
  await norrix.stop()
})

test('a backup under write load is whole, for its owner alone, and nothing half made lies beside it', async () => {
  expect(statSync(backedUp.file).mode & 0o777).toBe(0o600)
  expect(readdirSync(host.folder).filter((name) => name.startsWith('.norrix'))).toEqual([])
  const verified = JSON.parse(
    (await host.run(['backup', '--verify', backedUp.file, '--json'])).stdout,
  )
  expect(verified).toMatchObject({ kind: 'prod', damaged: [] })
  expect(verified.blobs).toBeGreaterThan(0)
  // Any system's own tar reads it.
  const tar = spawn('tar', ['tf', backedUp.file])
  let listed = ''
  tar.stdout.setEncoding('utf8').on('data', (text: string) => (listed += text))
  expect(await once(tar, 'close')).toEqual([0, null])
  expect(listed).toMatch(/^secrets\/api-key-pepper$/m)
  expect(listed.trimEnd()).toMatch(/manifest\.json\nmanifest\.sha256$/)
})

test('everything acknowledged before the backup works where it is restored: keys, sessions, artifacts byte by byte', async () => {
  const elsewhere = await moveTo(host.folder, 'moved')
  try {
    const restored = await elsewhere.host.run(['restore', backedUp.file])
    expect(restored, restored.stderr).toMatchObject({ code: 0 })
    expect(restored.stderr).toContain('norrix-server serve')
    const { serving, url } = await elsewhere.serve()
    try {
      await expectAll(url)
    } finally {
      expect(await serving.stop()).toBe(0)
    }
  } finally {
    await elsewhere.leave()
  }
})

async function expectAll(url: string): Promise<void> {
  const before = <T extends { at: number }>(all: readonly T[]) =>
    all.filter(({ at }) => at <= backedUp.startedAt)
  const keys = before(written.keys)
  const artifacts = before(written.artifacts)
  expect(Math.min(keys.length, artifacts.length)).toBeGreaterThan(0)
  for (const { secret } of keys) await bearer(url, secret).call(sessions.whoami, {})
  const device = boundClient(url, held)
  expect((await device.call(sessions.whoami, {})).user?.email).toBe(ana.email)
  for (const { buildId, artifactId, bytes } of artifacts) {
    const params = { orgId: ana.orgId, buildId, artifactId }
    const { stream } = await device.download(builds.download, { params })
    expect(Buffer.from(await new Response(stream).arrayBuffer()).equals(bytes)).toBe(true)
  }
}

test('a backup that was cut or changed anywhere is refused by name, and nothing of it is restored', async () => {
  const whole = readFileSync(backedUp.file)
  const elsewhere = await moveTo(host.folder, 'fresh')
  try {
    const at = (part: number) => Math.floor(whole.length * part)
    const cases: readonly (readonly [name: string, bytes: Buffer])[] = [
      ['cut in the middle', whole.subarray(0, at(0.5))],
      ['cut near the end', whole.subarray(0, whole.length - 2048)],
      ['one bit in a blob', flipped(whole, 700)],
      ['one bit in the manifest', flipped(whole, whole.lastIndexOf('"damaged"'))],
      ['nothing at all', Buffer.alloc(0)],
    ]
    const restore = async ([name, bytes]: (typeof cases)[number]) => {
      const file = join(host.folder, `${name.replaceAll(' ', '-')}.tar`)
      writeFileSync(file, bytes)
      return { name, ran: await elsewhere.host.run(['restore', file]) }
    }
    for (const { name, ran } of await Promise.all(cases.map(restore))) {
      expect(ran, name).toMatchObject({ code: 1, stdout: '' })
      expect(ran.stderr, name).toMatch(/not whole[^]*backup_damaged · exit 1/)
    }
    expect(await elsewhere.isBare()).toBe(true)
  } finally {
    await elsewhere.leave()
  }
})

test('a restore that is killed is no server: nothing starts there, and the way out is said', async () => {
  let cut = 0
  for (const delay of isLong ? [0, 10, 30, 100, 300] : [0, 100]) {
    const elsewhere = await moveTo(host.folder, `killed-${delay}`)
    const mark = join(elsewhere.data, 'restoring')
    const words = ['restore', backedUp.file, '--config', elsewhere.host.config]
    const child = spawn(process.execPath, [serverMain, ...words])
    while (!existsSync(mark) && child.exitCode === null) await sleep(2)
    await sleep(delay)
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    if (existsSync(mark)) {
      cut += 1
      const refused = await elsewhere.host.run(['serve'])
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('was cut off') })
      rmSync(elsewhere.data, { recursive: true })
      // All of the database or nothing of it; the mark goes a moment after the database is there.
      if (await elsewhere.isBare())
        expect((await elsewhere.host.run(['restore', backedUp.file])).code).toBe(0)
    }
    await elsewhere.leave()
  }
  expect(cut).toBeGreaterThan(0)
})

test('a backup that is killed leaves no file that looks like one', async () => {
  const target = join(host.folder, 'killed')
  mkdirSync(target)
  for (const delay of [600, 900, 1200]) {
    const child = spawn(process.execPath, [serverMain, 'backup', target, '--config', host.config])
    await sleep(delay)
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    for (const name of readdirSync(target).filter((each) => each.endsWith('.tar'))) {
      // Faster than the kill: then it is whole.
      expect((await host.run(['backup', '--verify', join(target, name)])).code).toBe(0)
      rmSync(join(target, name))
    }
  }
})

test('a blob that is missing or spoilt on the server is named, in the backup and by its exit code', async () => {
  const blobs = globSync('blobs/??/??/*', { cwd: norrix.prod.dataFolder })
  const [missing = '', spoilt = ''] = blobs.map((path) => join(norrix.prod.dataFolder, path))
  const kept = readFileSync(missing)
  const sound = readFileSync(spoilt)
  rmSync(missing)
  writeFileSync(spoilt, flipped(sound, 5))
  try {
    const made = await host.run(['backup', join(host.folder, 'damaged.tar')])
    expect(made.code).toBe(1)
    const said = made.stderr.replaceAll(/\n +/g, ' ')
    expect(said).toMatch(new RegExp(`the blob ${missing.split('/').at(-1)} of \\w+ is missing`))
    expect(said).toMatch(
      new RegExp(`the blob ${spoilt.split('/').at(-1)} of \\w+ is not the bytes`),
    )
    expect((await host.run(['backup', '--verify', join(host.folder, 'damaged.tar')])).code).toBe(1)
  } finally {
    writeFileSync(missing, kept)
    writeFileSync(spoilt, sound)
  }
})

test('a restore touches nothing that is there, and no backup is overwritten', async () => {
  const over = await host.run(['restore', backedUp.file])
  expect(over).toMatchObject({ code: 1, stderr: expect.stringContaining('conflict · exit 1') })
  expect(over.stderr.replaceAll(/\n +/g, ' ')).toContain('the database')
  const again = await host.run(['backup', backedUp.file])
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('file_exists') })
  const dev = sitAt({ environments: { dev: { data: 'dev', runner: false } } })
  const other = await dev.run(['restore', backedUp.file])
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('backup of prod') })
  dev.leave()
})

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}
