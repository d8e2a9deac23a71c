import { constants, type Stats } from 'node:fs'
import {
  access,
  chmod,
  lstat,
  mkdir,
  open,
  rename,
  unlink,
  type FileHandle,
} from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Fault } from '@norrix/contract/fault'

/**
 * Files that nobody but their owner reads (threats T41 to T44). A folder is 0700 and a file 0600, whatever the umask; no
 * link is followed and no file with a second name is trusted; a new text replaces the old one in one step, so that a crash
 * leaves the one or the other. On Windows, where modes and owners do not say who may read, the profile's own rights hold.
 */

/** Text of a file, and whether others could have read it until now. */
export interface PrivateText {
  readonly text: string
  readonly wasOpen: boolean
}

const checksModes = process.platform !== 'win32'

/**
 * Reads a private file and takes rights of others away where there are any.
 *
 * @returns undefined where there is no file
 * @throws Fault home_unwritable for a link, a folder, a second name, or somebody else's file
 */
export async function readPrivate(path: string): Promise<PrivateText | undefined> {
  let file: FileHandle
  try {
    file = await open(
      path,
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    )
  } catch (cause) {
    if (isCode(cause, 'ENOENT') || isCode(cause, 'ENOTDIR')) return undefined
    if (isCode(cause, 'ELOOP')) throw unsafe(path, 'is a link')
    throw unusable(path, 'cannot be read', cause)
  }
  try {
    const stats = await file.stat()
    refuseForeign(path, stats)
    const wasOpen = checksModes && (stats.mode & 0o077) !== 0
    if (wasOpen) await file.chmod(0o600).catch((cause) => refuseOpen(path, cause))
    return { text: await file.readFile('utf8'), wasOpen }
  } finally {
    await file.close()
  }
}

/**
 * Replaces a private file's text: a new file beside it, written through to the disk, then renamed over.
 *
 * @throws Fault home_unwritable; the old text is still there then
 */
export async function writePrivate(path: string, text: string): Promise<void> {
  await ensurePrivateFolder(dirname(path))
  const old = await lstat(path).catch(() => undefined)
  if (old?.isSymbolicLink()) throw unsafe(path, 'is a link')
  if (old) refuseForeign(path, old)
  const temporary = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}`)
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      // The umask may have taken rights from the mode above, never added any; 0600 in any case.
      await file.chmod(0o600)
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (cause) {
    await unlink(temporary).catch(() => {})
    throw unusable(path, 'cannot be written', cause)
  }
}

/** Removes a file or a link of that name; what it points to stays. */
export async function removePrivate(path: string): Promise<void> {
  try {
    await unlink(path)
    await syncFolder(dirname(path))
  } catch (cause) {
    if (!isCode(cause, 'ENOENT') && !isCode(cause, 'ENOTDIR')) {
      throw unusable(path, 'cannot be removed', cause)
    }
  }
}

/** Puts a file that cannot be read aside. @returns its new path */
export async function moveAside(path: string, now: Date): Promise<string> {
  const aside = `${path}.corrupt-${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`
  try {
    await rename(path, aside)
  } catch (cause) {
    throw unusable(path, 'cannot be put aside', cause)
  }
  return aside
}

/** Makes a folder 0700, or takes rights of others away from one that is there. */
export async function ensurePrivateFolder(path: string): Promise<void> {
  try {
    await makeFolder(path)
  } catch (cause) {
    throw unusable(path, 'cannot be made', cause)
  }
  await closeFolder(path)
}

/** With the folders above it. Node's own `recursive` never ends where a folder cannot be made, as in /proc (seen in 24). */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (cause) {
    if (isCode(cause, 'EEXIST')) return
    if (!isCode(cause, 'ENOENT') || (await lstat(dirname(path)).catch(() => undefined))) throw cause
    await makeFolder(dirname(path))
    // Anew, for another norrix may have made it in the meantime.
    await makeFolder(path)
  }
}

/**
 * Takes rights of others away from a folder, if there is one.
 *
 * @throws Fault home_unwritable for a link, a file, or somebody else's folder
 */
export async function closeFolder(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined)
  if (!stats) return
  if (stats.isSymbolicLink()) throw unsafe(path, 'is a link')
  if (!stats.isDirectory()) throw unsafe(path, 'is not a folder')
  refuseOwner(path, stats)
  if (checksModes && (stats.mode & 0o077) !== 0)
    await chmod(path, stats.mode & 0o700).catch((cause) => refuseOpen(path, cause))
}

/** @throws Fault home_unwritable for a folder that takes no files, such as one on a disk mounted read-only */
export async function refuseUnwritable(folder: string): Promise<void> {
  await access(folder, constants.W_OK).catch((cause) => {
    throw unusable(folder, 'cannot be written', cause)
  })
}

/** Whether the disk said no. A file that is not to be trusted is another matter: there `norrix` says no, and there is no cause. */
export function isUnwritable(error: unknown): error is Fault {
  return error instanceof Fault && error.code === 'home_unwritable' && error.cause !== undefined
}

function refuseOpen(path: string, cause: unknown): never {
  throw unusable(path, 'is open to others and cannot be closed', cause)
}

function refuseForeign(path: string, stats: Stats): void {
  if (!stats.isFile()) throw unsafe(path, 'is not a plain file')
  if (checksModes && stats.nlink > 1) throw unsafe(path, 'has a second name (a hard link)')
  refuseOwner(path, stats)
}

function refuseOwner(path: string, stats: Stats): void {
  if (checksModes && stats.uid !== process.getuid?.()) throw unsafe(path, 'belongs to another user')
}

/** A rename is kept through a power cut only when the folder is written through too; Windows has no such call. */
async function syncFolder(path: string): Promise<void> {
  if (!checksModes) return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function unsafe(path: string, what: string): Fault {
  return new Fault('home_unwritable', {
    message: `${path} ${what}; norrix keeps no secrets there.`,
    fix: 'move it away and try again, or set NORRIX_HOME to a folder of your own',
  })
}

function unusable(path: string, what: string, cause: unknown): Fault {
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
  return new Fault('home_unwritable', {
    message: `${path} ${what}${code}.`,
    fix: 'give yourself the right to write there, or set NORRIX_HOME to a folder of your own',
    cause,
  })
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
