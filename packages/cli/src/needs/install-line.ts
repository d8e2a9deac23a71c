import { accessSync, constants } from 'node:fs'
import { posix } from 'node:path'
import type { Surroundings } from '../io/terminal.ts'

export type InstallPlace = Pick<Surroundings, 'programPath' | 'nodePath' | 'homeDir' | 'platform'>

/**
 * The line that installs a server's own command line, over the one that runs now where that can be told.
 *
 * @param isWritable asked about a folder that npm would write to
 */
export function installLine(
  origin: string,
  place: InstallPlace,
  isWritable: (folder: string) => boolean = mayWrite,
): string {
  const prefix = prefixFor(place, isWritable)
  const flag = prefix === undefined ? '' : ` --prefix ${prefix}`
  return `npm install -g${flag} ${origin}/cli.tgz`
}

/** Undefined where npm's own choice will do. */
function prefixFor(
  place: InstallPlace,
  isWritable: (folder: string) => boolean,
): string | undefined {
  const { platform, nodePath } = place
  // On Windows npm's own folder is the user's.
  if (platform === 'win32') return undefined
  const standard = posix.dirname(posix.dirname(nodePath))
  const prefix = ownPrefix(place) ?? standard
  if (!isWritable(posix.join(prefix, 'lib'))) return '~/.local'
  return prefix === standard ? undefined : shown(prefix, place)
}

/** Where npm has put this program: `<prefix>/lib/node_modules/@norrix/cli/` (npm's folders(5)). */
function ownPrefix({ programPath }: InstallPlace): string | undefined {
  return /^(.+)\/lib\/node_modules\/@norrix\/cli\/[^/]+$/.exec(programPath)?.[1]
}

function shown(prefix: string, { homeDir }: InstallPlace): string {
  const plain = /^[\w./@+-]+$/
  if (prefix.startsWith(`${homeDir}/`) && plain.test(prefix.slice(homeDir.length)))
    return `~${prefix.slice(homeDir.length)}`
  return plain.test(prefix) ? prefix : `'${prefix.replaceAll("'", "'\\''")}'`
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
