// Puts files into the rooms of boundaries.ts and says where an import leads.
import { existsSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, posix } from 'node:path'
import { rooms, type Room } from '../../boundaries.ts'
import type { Import, Source } from './source.ts'

/** Where an import leads: one of our files, a package, a file without code, or nowhere. */
export type Target =
  | { kind: 'file'; path: string }
  | { kind: 'package'; name: string }
  | { kind: 'asset' }
  | { kind: 'missing'; path: string }

/** One broken rule, as the person who broke it reads it. */
export type Breach = { path: string; line: number; what: string; wall: string; instead: string }

/** An import together with the file it stands in and the place it leads to. */
export type Link = { from: Source; import: Import; target: Target }

const ownPackage = /^@norrix\/([^/]+)\/(.+)$/
const withCode = /\.(ts|tsx|mjs)$/

/** The room of a file; undefined where boundaries.ts does not know its place. */
export function roomOf(path: string): Room | undefined {
  return rooms.find((room) => matchesAny(path, room.files))
}

/** The room that a file would be in if it were no test: a test may open the folder it stands in. */
export function homeOf(path: string): Room | undefined {
  return rooms.find((room) => room.name !== 'tests' && matchesAny(path, room.files))
}

/** Every import of every file with its target; `root` is only asked which files exist. */
export function linksOf(sources: readonly Source[], root: string): Link[] {
  const known = new Set(sources.map((source) => source.path))
  return sources.flatMap((from) =>
    from.imports.map((one) => ({
      from,
      import: one,
      target: resolve(from.path, one.specifier, known, root),
    })),
  )
}

/** Whether one of the patterns covers the path. `*` stays in a folder, `**` does not, `{a,b}` is either. */
export function matchesAny(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => compiled(pattern).test(path))
}

function resolve(
  from: string,
  specifier: string,
  known: ReadonlySet<string>,
  root: string,
): Target {
  const own = ownPackage.exec(specifier)
  if (own === null && !specifier.startsWith('.'))
    return { kind: 'package', name: packageName(specifier) }
  const path =
    own === null
      ? posix.join(posix.dirname(from), specifier.replace(/\?.*$/, ''))
      : `packages/${own[1]}/src/${own[2]}.ts`
  if (known.has(path)) return { kind: 'file', path }
  // Style sheets, pictures and the like; and generated code in dist, which is nobody's source.
  if ((!withCode.test(path) || path.includes('/dist/')) && existsSync(join(root, path)))
    return { kind: 'asset' }
  return { kind: 'missing', path }
}

/** `a/b` of `a`, `@a/b/c` of `@a/b`; Node's own modules always with `node:` in front. */
function packageName(specifier: string): string {
  if (isBuiltin(specifier)) return specifier.startsWith('node:') ? specifier : `node:${specifier}`
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

const patterns = new Map<string, RegExp>()

function compiled(pattern: string): RegExp {
  const known = patterns.get(pattern)
  if (known !== undefined) return known
  const source = pattern
    .replaceAll(/[.+^$()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/\{([^}]*)\}/g, (_, names: string) => `(${names.replaceAll(',', '|')})`)
    .replaceAll('**/', '\u0001')
    .replaceAll('**', '\u0002')
    .replaceAll('*', '[^/]*')
    .replaceAll('\u0001', '(.*/)?')
    .replaceAll('\u0002', '.*')
  const made = new RegExp(`^${source}$`)
  patterns.set(pattern, made)
  return made
}
