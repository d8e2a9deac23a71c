import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { dirname, isAbsolute, join, posix, relative, sep } from 'node:path'
import type { Ignore } from 'ignore'
import { looksSecret, npmrcHoldsToken } from './secrets.ts'

/** What is packed of a project, and what is not. Paths are relative to the project, with `/`, in order. */
export interface ProjectFiles {
  readonly files: readonly ProjectFile[]
  readonly sizeBytes: number
  /** Left out since they look like secrets. */
  readonly secrets: readonly string[]
  /** Left out since they are links that lead out of the project. */
  readonly links: readonly string[]
}

export interface ProjectFile {
  readonly path: string
  readonly sizeBytes: number
}

const neverPacked = new Set(['.git', 'node_modules', '.hg', '.svn'])
const neverPackedFiles = new Set(['.DS_Store', 'Thumbs.db'])

/** Rules of one folder's file, and where they apply: paths below `base`, seen from there. */
interface Rules {
  readonly base: string
  readonly matcher: Ignore
  /** Rules of .norrixignore may also take in what looks like a secret. */
  readonly isOurs: boolean
}

/**
 * Lists what belongs to a build: neither git-ignored (nested .gitignore files, those of the folders above up to the
 * repository's top, and .git/info/exclude) nor named in a .norrixignore, nor secret-looking, nor a dependency folder.
 */
export async function listProjectFiles(folder: string): Promise<ProjectFiles> {
  const { default: ignore } = await import('ignore')
  const found = { files: [] as ProjectFile[], secrets: [] as string[], links: [] as string[] }
  const read = async (base: string, path: string, isOurs: boolean): Promise<Rules[]> => {
    const text = await readFile(path, 'utf8').catch(() => undefined)
    return text === undefined ? [] : [{ base, matcher: ignore().add(text), isOurs }]
  }
  const rulesOf = async (at: string): Promise<Rules[]> => [
    ...(await read(at, join(at, '.gitignore'), false)),
    ...(await read(at, join(at, '.norrixignore'), true)),
  ]
  const walk = async (at: string, above: readonly Rules[]): Promise<void> => {
    const rules = [...above, ...(await rulesOf(at))]
    const entries = await readdir(at, { withFileTypes: true })
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(at, entry.name)
      if (entry.isDirectory()) {
        if (!neverPacked.has(entry.name) && !judge(path, rules, true).ignored)
          await walk(path, rules)
      } else if (!neverPackedFiles.has(entry.name)) {
        await take(path, judge(path, rules, false), found, folder)
      }
    }
  }
  await walk(folder, await rulesAbove(folder, rulesOf, read))
  found.files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return { ...found, sizeBytes: found.files.reduce((sum, file) => sum + file.sizeBytes, 0) }
}

interface Verdict {
  readonly ignored: boolean
  /** A .norrixignore says in so many words that it is to be packed. */
  readonly wanted: boolean
}

async function take(
  path: string,
  { ignored, wanted }: Verdict,
  found: { files: ProjectFile[]; secrets: string[]; links: string[] },
  folder: string,
): Promise<void> {
  if (ignored) return
  const name = slashed(relative(folder, path))
  const stats = await lstat(path)
  if (stats.isSymbolicLink()) {
    const target = await readlink(path)
    const place = posix.normalize(posix.join(posix.dirname(name), slashed(target)))
    if (isAbsolute(target) || place === '..' || place.startsWith('../')) found.links.push(name)
    else found.files.push({ path: name, sizeBytes: 0 })
    return
  }
  if (!stats.isFile()) return
  if (!wanted && (await isSecret(path))) found.secrets.push(name)
  else found.files.push({ path: name, sizeBytes: stats.size })
}

async function isSecret(path: string): Promise<boolean> {
  const name = path.slice(path.lastIndexOf(sep) + 1)
  if (name === '.npmrc') return npmrcHoldsToken(await readFile(path, 'utf8'))
  return looksSecret(name)
}

/** The last rule that speaks about a path decides, and the deeper file over the one above (gitignore(5)). */
function judge(path: string, rules: readonly Rules[], isFolder: boolean): Verdict {
  let verdict: Verdict = { ignored: false, wanted: false }
  for (const { base, matcher, isOurs } of rules) {
    const name = slashed(relative(base, path))
    const { ignored, unignored } = matcher.test(isFolder ? `${name}/` : name)
    if (ignored) verdict = { ignored: true, wanted: false }
    else if (unignored) verdict = { ignored: false, wanted: isOurs }
  }
  return verdict
}

/** Rules of the folders above, where the project is a part of a larger repository. */
async function rulesAbove(
  folder: string,
  rulesOf: (at: string) => Promise<Rules[]>,
  read: (base: string, path: string, isOurs: boolean) => Promise<Rules[]>,
): Promise<Rules[]> {
  const above: string[] = []
  for (let at = folder; ; at = dirname(at)) {
    const isTop = await lstat(join(at, '.git')).then(
      () => true,
      () => false,
    )
    if (isTop) {
      const rules = await read(at, join(at, '.git', 'info', 'exclude'), false)
      for (const one of above.toReversed()) rules.push(...(await rulesOf(one)))
      return rules
    }
    if (dirname(at) === at) return []
    above.push(dirname(at))
  }
}

function slashed(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/')
}
