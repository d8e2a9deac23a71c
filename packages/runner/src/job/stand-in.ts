import type { FileHandle } from 'node:fs/promises'
import { readAt } from './zip-directory.ts'
import type { ZipDirectory } from './zip-directory.ts'

/**
 * How an artifact says that a test stand-in made it, so that nobody submits it (product ruling 12): a zip (apk, aab, ipa) holds
 * an entry of this name; any other file ends with a line that is `standInLine`.
 */
export const standInEntry = 'META-INF/norrix-stand-in'
export const standInLine = 'norrix-stand-in'

/** Whether the artifact carries the mark. `zip` is undefined for a file that is no zip. */
export async function isStandIn(file: FileHandle, zip: ZipDirectory | undefined): Promise<boolean> {
  if (zip) return zip.names.includes(standInEntry)
  const { size } = await file.stat()
  const tail = await readAt(file, Math.max(0, size - 64), Math.min(size, 64))
  return tail.toString('latin1').trimEnd().split(/\r?\n/).at(-1) === standInLine
}
