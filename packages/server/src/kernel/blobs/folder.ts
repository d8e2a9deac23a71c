import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { mkdir, open, rename, rm, writeFile, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { Fault } from '@norrix/contract/fault'
import { limitText } from '@norrix/contract/size.policy'
import { syncFolder } from '../sync-folder.ts'
import type { Blobs } from './blobs.ts'

/**
 * Blobs as files of one folder, which several servers may share. A blob is written in a folder of this server's drafts,
 * made durable, and only then renamed to its key: so a key always stands for a whole blob. An empty file beside the drafts
 * stands for each blob in doubt.
 *
 * What this server left half written before is removed here, at the start.
 *
 * @param serverId names this server among those that share the folder
 */
export function folderBlobs(folder: string, serverId = 'server'): Blobs {
  const drafts = join(folder, 'drafts', serverId)
  mkdirSync(drafts, { recursive: true, mode: 0o700 })
  const doubtOf = (key: string): string => join(drafts, `${key}${doubtEnding}`)
  const keep = (key: string): Promise<void> => rm(doubtOf(key), { force: true })
  return {
    inDoubt: takeOver(drafts),
    async put(bytes, limits) {
      const key = randomBytes(20).toString('hex')
      const draft = join(drafts, key)
      try {
        const stored = await writeDraft(draft, bytes, limits)
        await writeFile(doubtOf(key), '')
        await moveDurably(draft, blobPath(folder, key), folder)
        return { key, ...stored }
      } catch (error) {
        await rm(draft, { force: true })
        throw named(error)
      }
    },
    async open(key) {
      if (!isBlobKey(key)) throw notFound()
      try {
        return (await open(blobPath(folder, key), 'r')).createReadStream()
      } catch (error) {
        throw hasCode(error, 'ENOENT') ? notFound(error) : error
      }
    },
    async remove(key) {
      if (!isBlobKey(key)) return
      await rm(blobPath(folder, key), { force: true })
      await keep(key)
    },
    async doubt(keys) {
      for (const key of keys.filter(isBlobKey)) await writeFile(doubtOf(key), '')
    },
    async keep(key) {
      if (isBlobKey(key)) await keep(key)
    },
  }
}

const doubtEnding = '.doubt'

/** Removes the drafts that the process before left, and gives the keys that it left in doubt. */
function takeOver(drafts: string): string[] {
  const left = readdirSync(drafts)
  for (const name of left.filter((each) => !each.endsWith(doubtEnding)))
    rmSync(join(drafts, name), { recursive: true, force: true })
  return left
    .filter((each) => each.endsWith(doubtEnding))
    .map((each) => each.slice(0, -doubtEnding.length))
    .filter(isBlobKey)
}

interface Limits {
  readonly maxBytes: number
  readonly sha256?: string | undefined
}

async function writeDraft(
  draft: string,
  bytes: Readable,
  limits: Limits,
): Promise<{ sizeBytes: number; sha256: string }> {
  const file = await open(draft, 'wx', 0o600)
  try {
    const written = await copy(bytes, file, limits.maxBytes)
    if (limits.sha256 !== undefined && limits.sha256 !== written.sha256) {
      throw new Fault('checksum_mismatch', {
        message: 'The bytes that arrived are not those that were announced.',
        fix: 'send them again',
        details: {
          announced: limits.sha256,
          arrived: written.sha256,
          sizeBytes: written.sizeBytes,
        },
      })
    }
    await file.sync()
    return written
  } finally {
    await file.close()
  }
}

async function copy(
  bytes: Readable,
  file: FileHandle,
  maxBytes: number,
): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  // The stream is left open when the limit ends the copy: its owner still has to answer on the same connection.
  const chunks: AsyncIterable<Buffer> = bytes.iterator({ destroyOnReturn: false })
  for await (const chunk of chunks) {
    sizeBytes += chunk.length
    if (sizeBytes > maxBytes) throw tooLarge(maxBytes)
    hash.update(chunk)
    await file.appendFile(chunk)
  }
  return { sizeBytes, sha256: hash.digest('hex') }
}

/** Renames, and makes the new name durable. */
async function moveDurably(draft: string, target: string, folder: string): Promise<void> {
  const inner = dirname(target)
  await mkdir(inner, { recursive: true, mode: 0o700 })
  await rename(draft, target)
  // With 65,536 folders the inner one is nearly always new, and so are the names in the two above it.
  for (const each of [inner, dirname(inner), folder]) await syncFolder(each)
}

/** Two levels of 256 folders, so that none grows without bound. */
export function blobPath(folder: string, key: string): string {
  return join(folder, key.slice(0, 2), key.slice(2, 4), key)
}

/** Whatever else is asked for is no blob, and no path either. */
export function isBlobKey(key: string): boolean {
  return /^[0-9a-f]{40}$/.test(key)
}

function tooLarge(maxBytes: number): Fault {
  return new Fault('too_large', {
    message: `More than the ${limitText(maxBytes)} that are allowed here arrived.`,
    fix: 'send less',
    details: { maxBytes },
  })
}

function notFound(cause?: unknown): Fault {
  return new Fault('not_found', { message: 'The stored bytes are gone.', cause })
}

function named(error: unknown): unknown {
  if (!hasCode(error, 'ENOSPC') && !hasCode(error, 'EDQUOT')) return error
  return new Fault('unavailable', {
    message: 'The server has no room left to store this.',
    fix: "try again later, or tell the server's operator",
    cause: error,
  })
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
