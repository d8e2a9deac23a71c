import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { link, mkdir, rename, stat, unlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { builds as operations } from '@norrix/contract/builds.operations'
import { Fault } from '@norrix/contract/fault'
import type { Artifact } from '@norrix/contract/types'
import { sizeText } from '@norrix/contract/size.policy'
import { command } from '../../command.ts'
import { textOption } from '../../needs/call.ts'
import type { Given } from '../../needs/given.ts'
import { checkBuildId } from './words.ts'

type Here = Given<'environment' | 'credential' | 'api' | 'org'>

/** Files appear under their name when they are whole and their SHA-256 is right; nothing is overwritten unasked. */
export const buildsDownload = command(
  ['environment', 'credential', 'api', 'org'],
  async (given: Here) => {
    const { api, org, io, call, around } = given
    const buildId = checkBuildId(call.words[0])
    const build = await api.call(operations.show, {
      params: { orgId: org.org.id, buildId },
      signal: around.signal,
    })
    const wanted = choose(build.artifacts, call.words[1], `${build.id} (${build.state})`)
    const folder = resolve(around.cwd, textOption(call, 'out') ?? '.')
    const force = call.options['force'] === true
    const targets = wanted.map((artifact) => ({
      artifact,
      path: join(folder, safeFileName(artifact.name)),
    }))
    if (!force) for (const { path } of targets) await refuseExisting(path)
    await mkdir(folder, { recursive: true })
    const files: { path: string; sizeBytes: number; sha256: string }[] = []
    for (const { artifact, path } of targets) {
      await downloadOne(artifact, { path, buildId, force }, given)
      files.push({ path, sizeBytes: artifact.sizeBytes, sha256: artifact.sha256 })
      io.result.marked('done', `${path}  ${sizeText(artifact.sizeBytes)}`)
      io.result.line(`  sha256 ${artifact.sha256}`)
    }
    io.document({ buildId, files })
  },
)

/**
 * A name that stays in the folder and is one on every system: what another system would read otherwise becomes `_`.
 */
export function safeFileName(name: string): string {
  const plain = name
    .replaceAll(/[/\\:*?"<>|\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '_')
    .replace(/^\.+/, '_')
    .replace(/[. ]+$/, '')
  const isDevice = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$/i.test(plain)
  return (isDevice ? `_${plain}` : plain).slice(0, 200) || 'artifact'
}

function choose(
  artifacts: readonly Artifact[],
  name: string | undefined,
  build: string,
): readonly Artifact[] {
  const wanted =
    name === undefined ? artifacts : artifacts.filter((one) => one.name === name || one.id === name)
  if (wanted.length > 0) return wanted
  const there = artifacts.map((one) => one.name).join(', ')
  throw new Fault('not_found', {
    message:
      name === undefined ? `${build} has no artifacts.` : `${build} has no artifact ${name}.`,
    fix: there === '' ? 'norrix builds show tells what became of it' : `it has ${there}`,
  })
}

async function downloadOne(
  artifact: Artifact,
  to: { path: string; buildId: string; force: boolean },
  { api, org, io, around }: Here,
): Promise<void> {
  const params = { orgId: org.org.id, buildId: to.buildId, artifactId: artifact.id }
  const { stream } = await api.download(operations.download, { params, signal: around.signal })
  const part = `${to.path}.${randomBytes(6).toString('hex')}.part`
  const hash = createHash('sha256')
  let received = 0
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      received += chunk.length
      io.progress(`${artifact.name} ${sizeText(received)} of ${sizeText(artifact.sizeBytes)}`)
      done(null, chunk)
    },
  })
  try {
    // Node's own web stream type and the global one are the same thing under two names.
    const source = Readable.fromWeb(stream as Parameters<typeof Readable.fromWeb>[0])
    await pipeline(source, count, createWriteStream(part, { flags: 'wx' }), {
      signal: around.signal,
    })
    if (hash.digest('hex') !== artifact.sha256) throw mismatch(artifact)
    await place(part, to)
  } catch (error) {
    if (around.signal.aborted) throw around.signal.reason
    throw error instanceof Fault ? error : notWritten(to.path, error)
  } finally {
    io.progress('')
    await unlink(part).catch(() => {})
  }
}

/** A link fails where a rename would overwrite what came into being meanwhile. */
async function place(
  part: string,
  { path, force }: { path: string; force: boolean },
): Promise<void> {
  if (force) return rename(part, path)
  try {
    await link(part, path)
  } catch (cause) {
    if (isCode(cause, 'EEXIST')) throw exists(path)
    // File systems without hard links, such as FAT.
    await refuseExisting(path)
    await rename(part, path)
  }
}

async function refuseExisting(path: string): Promise<void> {
  if (await stat(path).catch(() => undefined)) throw exists(path)
}

function exists(path: string): Fault {
  return new Fault('file_exists', {
    message: `${path} is there already.`,
    fix: '--force overwrites it, --out names another folder',
  })
}

function mismatch({ name }: Artifact): Fault {
  return new Fault('checksum_mismatch', {
    message: `The bytes of ${name} are not those that the build made; they were thrown away.`,
    fix: 'try again; if it stays, something between here and the server changes them',
  })
}

function notWritten(path: string, cause: unknown): Fault {
  if (isCode(cause, 'UND_ERR_SOCKET') || cause instanceof TypeError) {
    return new Fault('network', {
      message: 'The connection broke in the middle of the download.',
      fix: 'try again',
      cause,
    })
  }
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
  return new Fault('internal', {
    message: `${path} could not be written${code}.`,
    fix: 'check the folder and the space on the disk',
    cause,
  })
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
