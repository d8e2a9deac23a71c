// `npm run where <noun>`: every file of a noun, in the order in which a change to it is made.
// Exit code 0: files were found. 1: none. 2: no noun was named.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ladder } from '../boundaries.ts'

const root = dirname(import.meta.dirname)

// Where the CLI and the guides use another word for a noun: verbs act, plural nouns manage.
const otherWords: Readonly<Record<string, readonly string[]>> = {
  'api-keys': ['api-key', 'keys', 'key'],
  builds: ['build'],
  submissions: ['submission', 'submit'],
  updates: ['update'],
  sessions: ['session', 'sign-in', 'sign-out', 'whoami'],
  identity: ['accounts', 'sign-in'],
  orgs: ['org'],
  runners: ['runner', 'leases', 'lease'],
}

type Stop = {
  title: string
  /** Whether a path is at this stop, if it is of the noun at all. */
  holds: RegExp
  /** Whether the other words for the noun count here as well. */
  otherWords: boolean
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
  stop('tests', /^test\//, true),
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
  const files = ['packages', 'test', 'docs'].flatMap(filesBelow)
  const words = [noun, ...(otherWords[noun] ?? [])]
  const taken = new Set<string>()
  return walk.flatMap(({ title, holds, otherWords: all }) => {
    const paths = files.filter(
      (path) => !taken.has(path) && holds.test(path) && isAbout(path, all ? words : [noun]),
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

function stop(title: string, holds: RegExp, withOtherWords = false): Stop {
  return { title, holds, otherWords: withOtherWords }
}
