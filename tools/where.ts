// `npm run where <noun>`: every file of a noun, in the order in which a change to it is made.
// Exit code 0: files were found. 1: none. 2: no noun was named.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ladder } from '../boundaries.ts'

const root = dirname(import.meta.dirname)

// What else a noun goes by in file names, anywhere.
const alsoCalled: Readonly<Record<string, readonly string[]>> = {
  'api-keys': ['api-key'],
  identity: ['accounts'],
  runners: ['leases'],
}

// The words a person types or reads for it: verbs act, plural nouns manage. Elsewhere they mean other
// things (a signing key, a build of ours), so they count in commands, the runner and the docs only.
const typedAs: Readonly<Record<string, readonly string[]>> = {
  'api-keys': ['keys'],
  builds: ['build'],
  identity: ['sign-in'],
  orgs: ['org'],
  runners: ['runner'],
  sessions: ['sign-in', 'sign-out', 'whoami'],
  submissions: ['submit'],
  updates: ['update'],
}

type Stop = {
  title: string
  /** Whether a path is at this stop, if it is of the noun at all. */
  holds: RegExp
  /** Whether the words people type for it count here as well. */
  typed: boolean
}

const feature = 'packages/server/src/features/[^/]+'
const walk: readonly Stop[] = [
  stop('operations', /^packages\/contract\/.*operations\.ts$/),
  stop('shapes', /^packages\/contract\/.*shapes\.ts$/),
  stop('policy', /^packages\/contract\/.*policy\.ts$/),
  stop('contract', /^packages\/contract\//),
  stop('table', /^packages\/server\/src\/schema\/tables\//),
  stop('migrations', /^packages\/server\/src\/schema\/migrations\//),
  stop('store', new RegExp(`^${feature}/(store|views)\\.ts$`)),
  stop('service', new RegExp(`^${feature}/(service|jobs)\\.ts$`)),
  stop('routes', new RegExp(`^${feature}/routes\\.ts$`)),
  stop('door', new RegExp(`^${feature}/index\\.ts$`)),
  stop('feature', /^packages\/server\/(?!.*\.test\.ts$)/),
  stop('feature tests', /^packages\/server\//),
  stop('runner', /^packages\/runner\//, true),
  stop('commands', /^packages\/cli\//, true),
  stop('pages', /^packages\/dashboard\/src\//),
  stop('pages tests', /^packages\/dashboard\/e2e\//),
  stop('tests', /^test\//),
  stop('docs', /^docs\//, true),
]

process.exitCode = main(process.argv[2])

function main(noun: string | undefined): number {
  if (noun === undefined) {
    console.error(`Name a noun. Fix: npm run where ${ladder.join(' | ')}`)
    return 2
  }
  const stops = stopsOf(noun)
  if (stops.length === 0) {
    console.error(`No file is called after "${noun}". Fix: npm run where ${ladder.join(' | ')}`)
    return 1
  }
  for (const { title, paths } of stops) {
    for (const [index, path] of paths.entries()) console.log(row(index === 0 ? title : '', path))
  }
  const files = stops.flatMap(({ paths }) => paths)
  const lines = files.reduce((sum, path) => sum + lineCount(path), 0)
  console.log(`${files.length} files, ${lines} lines`)
  return 0
}

/** Each file stands at the first stop that holds it; a stop with no file is left out. */
function stopsOf(noun: string): { title: string; paths: readonly string[] }[] {
  const files = ['packages', 'test', 'docs'].filter(isHere).flatMap(filesBelow)
  const names = [noun, ...(alsoCalled[noun] ?? [])]
  const words = [...names, ...(typedAs[noun] ?? [])]
  const taken = new Set<string>()
  return walk.flatMap(({ title, holds, typed }) => {
    const paths = files.filter(
      (path) => !taken.has(path) && holds.test(path) && isAbout(path, typed ? words : names),
    )
    for (const path of paths) taken.add(path)
    return paths.length === 0 ? [] : [{ title, paths }]
  })
}

/** A path is about a noun when a folder is called so, or when its file name says the word. */
function isAbout(path: string, words: readonly string[]): boolean {
  const folders = dirname(path).split('/')
  const name = `-${kebab(basename(path).split('.')[0] ?? '')}-`
  return words.some((word) => folders.includes(word) || name.includes(`-${word}-`))
}

/** `CreateKeyDialog` is `create-key-dialog`. */
function kebab(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase()
}

function isHere(folder: string): boolean {
  return existsSync(join(root, folder))
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true })
  const sorted = entries.toSorted((one, other) => one.name.localeCompare(other.name, 'en'))
  return sorted.flatMap((entry) => {
    if (/^(\..*|node_modules|dist|build|screens)$/.test(entry.name)) return []
    const path = `${folder}/${entry.name}`
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

function row(title: string, path: string): string {
  return `${title.padEnd(14)}${String(lineCount(path)).padStart(5)}  ${path}`
}

function lineCount(path: string): number {
  return readFileSync(join(root, path), 'utf8').split('\n').length - 1
}

function stop(title: string, holds: RegExp, typed = false): Stop {
  return { title, holds, typed }
}
