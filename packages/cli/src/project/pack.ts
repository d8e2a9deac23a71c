import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Fault } from '@norrix/contract/fault'
import { limitText, sizeText } from '@norrix/contract/size.policy'
import { ShownFault } from '../io/fault-text.ts'
import { countText } from '../io/words.ts'
import { listProjectFiles, type ProjectFile, type ProjectFiles } from './files.ts'

export interface PackLimits {
  /** Of the packed project. */
  readonly packedBytesMax: number
  /** Of one file, and of all together, before packing: what a runner unpacks. */
  readonly fileBytesMax: number
  readonly totalBytesMax: number
}

export const packLimits: PackLimits = {
  packedBytesMax: 1024 ** 3,
  fileBytesMax: 1024 ** 3,
  totalBytesMax: 4 * 1024 ** 3,
}

export interface PackedProject {
  /** Of the .tgz, which `remove` takes away. */
  readonly path: string
  readonly sizeBytes: number
  /** Hex. */
  readonly sha256: string
  readonly contents: ProjectFiles
  remove(): Promise<void>
}

export interface PackOptions {
  readonly folder: string
  readonly limits?: PackLimits
  /** Told how many bytes of the project have been packed, and of how many. */
  readonly progress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/**
 * Packs a project into a gzipped tar: sorted, without owners and times, so that the same files give the same bytes.
 *
 * @throws Fault project_empty, project_too_large
 */
export async function packProject(options: PackOptions): Promise<PackedProject> {
  const limits = options.limits ?? packLimits
  const contents = await listProjectFiles(options.folder)
  if (contents.files.length === 0) throw empty(contents)
  refuseTooLarge(contents, limits)
  const place = await mkdtemp(join(tmpdir(), 'norrix-pack-'))
  const remove = () => rm(place, { recursive: true, force: true })
  const path = join(place, 'project.tgz')
  try {
    const { sizeBytes, sha256 } = await writeArchive(path, contents, { ...options, limits })
    return { path, sizeBytes, sha256, contents, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function writeArchive(
  path: string,
  contents: ProjectFiles,
  { folder, limits, progress, signal }: PackOptions & { limits: PackLimits },
): Promise<{ sizeBytes: number; sha256: string }> {
  const { create } = await import('tar')
  const sizes = new Map(contents.files.map((file) => [`./${file.path}`, file.sizeBytes]))
  let read = 0
  const archive = create(
    {
      cwd: folder,
      gzip: { level: 6 },
      portable: true,
      mtime: new Date(0),
      noDirRecurse: true,
      linkCache: new NoLinks(),
      onWriteEntry: (entry) => progress?.((read += sizes.get(entry.path) ?? 0), contents.sizeBytes),
    },
    // A leading ./ keeps a name that starts with @ from being taken for an archive.
    contents.files.map((file) => `./${file.path}`),
  )
  const hash = createHash('sha256')
  let sizeBytes = 0
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length
      hash.update(chunk)
      if (sizeBytes > limits.packedBytesMax) done(packedTooLarge(contents, limits))
      else done(null, chunk)
    },
  })
  await pipeline(archive, measure, createWriteStream(path, { mode: 0o600 }), { signal })
  return { sizeBytes, sha256: hash.digest('hex') }
}

/** Two names of one file are packed as two files: a runner takes no hard links (threat T82). */
class NoLinks extends Map<`${number}:${number}`, string> {
  override get(): undefined {
    return undefined
  }
}

function empty({ secrets, links }: ProjectFiles): Fault {
  const left = secrets.length + links.length
  return new Fault('project_empty', {
    message: 'There is nothing to pack: every file here is git-ignored or left out.',
    fix:
      left === 0
        ? 'look at .gitignore and .norrixignore'
        : `${countText(left, 'file')} left out as secret-looking or leading elsewhere; name them with ! in .norrixignore`,
  })
}

function refuseTooLarge(contents: ProjectFiles, limits: PackLimits): void {
  const large = contents.files.find((file) => file.sizeBytes > limits.fileBytesMax)
  if (large) {
    throw tooLarge(
      `${large.path} has ${sizeText(large.sizeBytes)}; a file may have ${limitText(limits.fileBytesMax)}.`,
      contents.files,
    )
  }
  if (contents.sizeBytes > limits.totalBytesMax) {
    throw tooLarge(
      `The project has ${sizeText(contents.sizeBytes)}; it may have ${limitText(limits.totalBytesMax)}.`,
      contents.files,
    )
  }
}

function packedTooLarge({ files }: ProjectFiles, { packedBytesMax }: PackLimits): Fault {
  return tooLarge(`The packed project is larger than ${limitText(packedBytesMax)}.`, files)
}

function tooLarge(message: string, files: readonly ProjectFile[]): Fault {
  const largest = files.toSorted((a, b) => b.sizeBytes - a.sizeBytes).slice(0, 3)
  return new ShownFault('project_too_large', {
    message,
    fix: 'leave out what the build does not need: name it in .norrixignore',
    evidence: [
      {
        label: 'largest',
        text: largest.map((file) => `${sizeText(file.sizeBytes)}  ${file.path}`).join('\n'),
      },
    ],
  })
}
