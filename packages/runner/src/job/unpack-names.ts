import { limitText } from '@norrix/contract/size.policy'
/** Which names an uploaded archive may hold, and where its links may lead (threat T82). Pure. */

export type UnpackCode =
  | 'not_an_archive'
  | 'empty'
  | 'absolute_path'
  | 'parent_path'
  | 'bad_name'
  | 'duplicate_name'
  | 'under_a_file'
  | 'link_outside'
  | 'hard_link'
  | 'special_file'
  | 'too_many_entries'
  | 'file_too_large'
  | 'total_too_large'
  | 'ratio_too_high'

/** The archive was refused. The message is a plain sentence; `code` is for programs. */
export class UnpackError extends Error {
  override readonly name = 'UnpackError'
  readonly code: UnpackCode

  constructor(code: UnpackCode, message: string) {
    super(message)
    this.code = code
  }
}

const nameBytesMax = 255 // NAME_MAX of Linux and macOS
const pathBytesMax = 1024 // PATH_MAX of macOS, the smaller one

/**
 * The parts of an entry's path, without `.` and empty ones; none for the top folder itself. Throws an `UnpackError` for a
 * path that is absolute (on any system), climbs, or has a part that some system cannot hold.
 */
export function entryParts(name: string): readonly string[] {
  const shown = showName(name)
  if (/^(?:[/\\]|[A-Za-z]:)/.test(name)) {
    throw new UnpackError('absolute_path', `The archive holds the absolute path ${shown}.`)
  }
  if (
    /[\\\p{Cc}]/u.test(name) ||
    name.includes('\uFFFD') ||
    Buffer.byteLength(name) > pathBytesMax
  ) {
    throw new UnpackError(
      'bad_name',
      `The archive holds a name that not every system can store: ${shown}.`,
    )
  }
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) {
    throw new UnpackError(
      'parent_path',
      `The archive holds a path that climbs out of it: ${shown}.`,
    )
  }
  if (parts.some((part) => Buffer.byteLength(part) > nameBytesMax)) {
    throw new UnpackError(
      'bad_name',
      `The archive holds a name of more than ${limitText(nameBytesMax)}: ${shown}.`,
    )
  }
  return parts
}

/** Two paths are one on a system that ignores case or composes accents: then they are the same key. */
export function nameKey(parts: readonly string[]): string {
  return parts.join('/').normalize('NFC').toUpperCase().toLowerCase()
}

/** A name as it may stand in a sentence: quoted, control characters escaped, not too long. */
export function showName(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name)
}

/**
 * Whether a symbolic link stays in the tree. `links` maps the `nameKey` of every link of the archive to its target.
 * Links on the way are followed as the system would, for `a/b/..` is not `a` when `b` is a link. What does not exist counts
 * as a plain folder. A chain of more than 40 links is refused, as Linux does (path_resolution(7)).
 */
export function staysInside(at: readonly string[], links: ReadonlyMap<string, string>): boolean {
  const place: string[] = []
  const ahead = [...at]
  let followed = 0
  for (let part = ahead.shift(); part !== undefined; part = ahead.shift()) {
    if (part === '' || part === '.') continue
    if (part === '..') {
      if (place.pop() === undefined) return false
      continue
    }
    const target = links.get(nameKey([...place, part]))
    if (target === undefined) place.push(part)
    else if (++followed > 40 || isForeign(target)) return false
    else ahead.unshift(...target.split('/'))
  }
  return true
}

function isForeign(target: string): boolean {
  return /^(?:[/\\]|[A-Za-z]:)/.test(target) || /[\\\p{Cc}]/u.test(target)
}
