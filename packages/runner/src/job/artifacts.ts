import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, open, readdir, realpath, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { glob } from 'tinyglobby'
import { isWithin } from '../isolation/private-view.ts'
import { readApkSignature } from '../platforms/android/apk.ts'
import { isStandIn } from './stand-in.ts'
import { readZipDirectory } from './zip-directory.ts'
import type { ZipDirectory } from './zip-directory.ts'

export interface CollectedArtifact {
  /** A plain file name, different from that of every other artifact of the build. */
  readonly name: string
  /** Absolute, no symbolic link. */
  readonly file: string
  readonly sizeBytes: number
  /** Hexadecimal, lower case. */
  readonly sha256: string
  readonly contentType: string
  /** Subject of the certificate whose signature was checked; null where there is none. */
  readonly signer: string | null
  readonly standIn: boolean
  /** What is wrong with its signature, as a part of a sentence; null when nothing is. */
  readonly signatureProblem: string | null
}

export type ArtifactCode =
  | 'artifact_missing'
  | 'artifact_pattern'
  | 'artifact_outside'
  | 'artifact_name'

/** An artifact cannot be collected. The message says what was there instead. */
export class ArtifactError extends Error {
  override readonly name = 'ArtifactError'
  readonly code: ArtifactCode

  constructor(code: ArtifactCode, message: string) {
    super(message)
    this.code = code
  }
}

const contentTypes: ReadonlyMap<string, string> = new Map([
  ['.apk', 'application/vnd.android.package-archive'],
  ['.zip', 'application/zip'],
  ['.json', 'application/json'],
  ['.xml', 'application/xml'],
  ['.html', 'text/html'],
  ['.log', 'text/plain'],
  ['.txt', 'text/plain'],
])

/**
 * Finds the artifacts that a build left in `source`, by patterns relative to it; each must match. To be called when no
 * process of the build is left, for what is looked at must not change. Never leaves `source`: patterns may not climb,
 * folders that are links are not searched, a link to a file is followed only within. Throws an `ArtifactError`.
 */
export async function collectArtifacts(
  source: string,
  patterns: readonly string[],
): Promise<readonly CollectedArtifact[]> {
  const root = await realpath(source)
  const found = new Set<string>()
  for (const pattern of patterns) for (const file of await match(root, pattern)) found.add(file)
  const files = [...found].toSorted()
  const names = nameArtifacts(files)
  return Promise.all(files.map((file, index) => describe(root, file, names[index] ?? file)))
}

/** Paths relative to `root`, with `/`. */
async function match(root: string, pattern: string): Promise<readonly string[]> {
  if (
    path.isAbsolute(pattern) ||
    pattern.startsWith('!') ||
    pattern.split(/[/\\]/).includes('..')
  ) {
    throw new ArtifactError(
      'artifact_pattern',
      `The artifact pattern \`${pattern}\` leaves the project. Name files below it, such as \`build/*.apk\`.`,
    )
  }
  const options = { cwd: root, dot: true, expandDirectories: false, followSymbolicLinks: false }
  const files = await glob(pattern, options)
  if (files.length > 0) return files
  throw new ArtifactError(
    'artifact_missing',
    `The artifact pattern \`${pattern}\` matched no file. ${await whatIsThere(root, pattern)}`,
  )
}

/** Ten names at most, of the deepest folder that the pattern names and that exists. */
async function whatIsThere(root: string, pattern: string): Promise<string> {
  const parts = pattern.split('/').slice(0, -1)
  const fixed = parts.slice(0, parts.findIndex((part) => /[*?[{(!]/.test(part)) >>> 0)
  for (; ; fixed.pop()) {
    const folder = path.join(root, ...fixed)
    if (!(await isFolderWithin(root, folder)) && fixed.length > 0) continue
    const names = (await readdir(folder)).toSorted()
    const shown = fixed.length > 0 ? `\`${fixed.join('/')}\`` : 'The project'
    if (names.length === 0) return `${shown} is empty.`
    return `${shown} holds: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''}.`
  }
}

async function isFolderWithin(root: string, folder: string): Promise<boolean> {
  const real = await realpath(folder).catch(() => undefined)
  return real !== undefined && isWithin(real, root) && (await stat(real)).isDirectory()
}

/** The file's own name where no other has it (letter case apart), else its path with `-` for `/`. */
function nameArtifacts(files: readonly string[]): readonly string[] {
  const bases = files.map((file) => path.posix.basename(file).toLowerCase())
  return files.map((file, index) => {
    const isAlone = bases.indexOf(bases[index] ?? '') === bases.lastIndexOf(bases[index] ?? '')
    const name = isAlone ? path.posix.basename(file) : file.replaceAll('/', '-')
    if (name.length <= 200 && !/[\p{Cc}\u202a-\u202e\u2066-\u2069\\]/u.test(name)) return name
    throw new ArtifactError(
      'artifact_name',
      `The artifact name ${JSON.stringify(name.slice(0, 80))} is too long or odd.`,
    )
  })
}

async function describe(root: string, relative: string, name: string): Promise<CollectedArtifact> {
  const file = await realpath(path.join(root, relative)).catch(() => '/')
  if (!isWithin(file, root) || !(await lstat(file)).isFile()) {
    throw new ArtifactError(
      'artifact_outside',
      `The artifact \`${relative}\` is a link out of the project.`,
    )
  }
  const handle = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  try {
    const zip = await readZipDirectory(handle)
    return {
      name,
      file,
      ...(await digest(handle)),
      contentType: contentTypes.get(path.extname(name).toLowerCase()) ?? 'application/octet-stream',
      ...(await signerOf(handle, name, zip)),
      standIn: await isStandIn(handle, zip),
    }
  } finally {
    await handle.close()
  }
}

async function digest(handle: FileHandle): Promise<{ sha256: string; sizeBytes: number }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const bytes of handle.createReadStream({ start: 0, autoClose: false })) {
    // Without an encoding the stream gives buffers.
    const chunk = bytes as Buffer
    hash.update(chunk)
    sizeBytes += chunk.length
  }
  return { sha256: hash.digest('hex'), sizeBytes }
}

async function signerOf(
  handle: FileHandle,
  name: string,
  zip: ZipDirectory | undefined,
): Promise<{ signer: string | null; signatureProblem: string | null }> {
  if (!zip || path.extname(name).toLowerCase() !== '.apk')
    return { signer: null, signatureProblem: null }
  const signature = await readApkSignature(handle, zip)
  if (signature.kind === 'signed') return { signer: signature.subject, signatureProblem: null }
  return {
    signer: null,
    signatureProblem: signature.kind === 'invalid' ? signature.why : 'it is not signed',
  }
}
