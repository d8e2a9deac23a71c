// The rules that look at one file or one import at a time.
import {
  computedImports,
  environmentReaders,
  fileLines,
  keepers,
  type Room,
} from '../../boundaries.ts'
import { homeOf, matchesAny, roomOf, type Breach, type Link } from './plan.ts'
import type { Source } from './source.ts'

/** Breaches of one file's own: no room, unreadable, too long, reads the environment out of place. */
export function fileBreaches(source: Source): Breach[] {
  const { path } = source
  const breaches: Breach[] = []
  const add = (line: number, what: string, wall: string, instead: string): void => {
    breaches.push({ path, line, what, wall, instead })
  }
  if (source.syntaxError !== undefined) {
    add(1, `cannot be read: ${source.syntaxError}`, 'syntax', 'mend it')
  }
  if (roomOf(path) === undefined) {
    add(
      1,
      'has no room',
      'every file has a room',
      'move it, or give it a room (or rung) in boundaries.ts',
    )
  }
  if (tooLong(source, fileLines.refuse)) {
    add(1, `has ${source.lineCount} lines`, `at most ${fileLines.refuse}`, 'split it by subject')
  }
  if (!matchesAny(path, environmentReaders)) {
    for (const line of source.environmentLines) {
      add(
        line,
        'reads process.env',
        'environment',
        'take the value as an argument; config.ts reads it',
      )
    }
  }
  if (!matchesAny(path, computedImports)) {
    for (const line of source.computedLines) {
      add(
        line,
        'imports a computed path',
        'imports can be read',
        'write the path as a plain string',
      )
    }
  }
  return breaches
}

/** A sentence for each file that is longer than it should be and not yet refused. */
export function sizeWarnings(sources: readonly Source[]): string[] {
  return sources
    .filter((source) => tooLong(source, fileLines.warn) && !tooLong(source, fileLines.refuse))
    .map(
      ({ path, lineCount }) => `${path}: ${lineCount} lines; split it before ${fileLines.refuse}`,
    )
}

/** The wall that this import goes through, if it does. */
export function linkBreach(link: Link): Breach | undefined {
  const room = roomOf(link.from.path)
  if (room === undefined) return undefined
  const { target } = link
  if (target.kind === 'missing') {
    return breach(
      link,
      room,
      `imports ${target.path}, which does not exist`,
      'name the file with its extension',
    )
  }
  if (target.kind === 'package') return packageBreach(link, room, target.name)
  if (target.kind === 'file') return roomBreach(link, room, target.path)
  return undefined
}

function packageBreach(link: Link, room: Room, name: string): Breach | undefined {
  if (!mayImport(link, room, name)) {
    const types = (room.typePackages ?? []).map((one) => `types of ${one}`)
    const list = [...(room.packages ?? []), ...types].join(', ') || 'no package'
    return breach(link, room, `imports ${name}`, `${room.name} may import ${list}`)
  }
  const keeper = keepers.find((one) => one.package === name)
  const isFree = room.name === 'tests' || room.name === 'tools'
  if (keeper === undefined || isFree || matchesAny(link.from.path, keeper.files)) return undefined
  const instead = `go through ${keeper.files.join(' or ')}`
  return { ...breach(link, room, `imports ${name}`, instead), wall: `${name}: ${keeper.why}` }
}

function mayImport(link: Link, room: Room, name: string): boolean {
  const allowed = room.packages ?? []
  if (allowed.includes('*') || allowed.includes(name)) return true
  if (name.startsWith('node:') && allowed.includes('node')) return true
  return link.import.kind === 'type' && room.typePackages?.includes(name) === true
}

function roomBreach(link: Link, room: Room, path: string): Breach | undefined {
  const target = roomOf(path)
  if (target === undefined) return undefined
  if (isHome(link, path)) {
    return room.closed
      ? breach(link, room, `imports ${path}`, 'pass it in as an argument')
      : undefined
  }
  if (!mayEnter(link, room, target)) return notAllowed(link, room, target, path)
  if (target.name === 'tests' && room.name !== 'tests') {
    return breach(link, room, `imports the test ${path}`, 'move what both need out of the test')
  }
  if (target.door === undefined || path === target.door) return undefined
  return breach(link, room, `opens ${path}`, `use ${target.door}`)
}

/** The same room; for pages the same noun; for a test also the folder that it stands in. */
function isHome(link: Link, path: string): boolean {
  const from = link.from.path
  const [home, there] = [homeOf(from), homeOf(path)]
  if (home === undefined || home.name !== there?.name) return false
  return !home.name.endsWith('/*') || folderOf(from, home) === folderOf(path, home)
}

/** `packages/dashboard/src/pages/builds` for a file of the room `dashboard/pages/*`. */
function folderOf(path: string, room: Room): string {
  const depth = (room.files[0] ?? '').split('/').indexOf('*') + 1
  return path.split('/', depth).join('/')
}

function mayEnter(link: Link, room: Room, target: Room): boolean {
  if (room.imports?.includes('*') || room.imports?.includes(target.name)) return true
  return link.import.kind === 'type' && room.types?.includes(target.name) === true
}

function notAllowed(link: Link, room: Room, target: Room, path: string): Breach {
  if (room.types?.includes(target.name)) {
    return breach(link, room, `loads ${path}`, 'only its types are open here: import type { … }')
  }
  const open = [...(room.imports ?? []), ...(room.types ?? []).map((name) => `types of ${name}`)]
  const may = open.length === 0 ? 'nothing of ours' : open.join(', ')
  return breach(link, room, `imports ${path} (${target.name})`, `${room.name} may import ${may}`)
}

function breach(link: Link, room: Room, what: string, instead: string): Breach {
  const { from, import: one } = link
  return { path: from.path, line: one.line, what, wall: `${room.name}: ${room.why}`, instead }
}

function tooLong({ path, lineCount }: Source, limit: number): boolean {
  return lineCount > limit && !matchesAny(path, fileLines.except)
}
