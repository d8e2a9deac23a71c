import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const left = new Set(['.git', 'node_modules', '.norrix-server', 'docs'])

/** The project's sources beside the real ones, with the installed packages behind links, to be broken at will. */
export interface Copy {
  readonly folder: string
  /**
   * Replaces the one place where `find` stands; the function given back mends it.
   *
   * @throws Error when it stands nowhere, or twice: the mutation has to be written anew
   */
  change(file: string, find: string, replace: string): () => void
  /** Runs a script of the copy under this Node. Gives its exit code and all it said. */
  run(words: readonly string[]): Promise<{ readonly code: number; readonly text: string }>
  remove(): void
}

export function copyOfTheProject(): Copy {
  const folder = mkdtempSync(join(tmpdir(), 'norrix-mutations-'))
  for (const name of readdirSync(root).filter((each) => !left.has(each))) {
    cpSync(join(root, name), join(folder, name), {
      recursive: true,
      filter: (from) => !left.has(basename(from)),
    })
  }
  linkPackages(folder)
  return {
    folder,
    change(file, find, replace) {
      const path = join(folder, file)
      const text = readFileSync(path, 'utf8')
      const places = text.split(find).length - 1
      if (places !== 1) throw new Error(`${file} has ${places} places that read: ${find}`)
      writeFileSync(
        path,
        text.replace(find, () => replace),
      )
      return () => writeFileSync(path, text)
    },
    run: (words) => run(folder, words),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Our own packages are the copy's; everybody else's are the installed ones. */
function linkPackages(folder: string): void {
  const packages = join(folder, 'node_modules')
  mkdirSync(join(packages, '@norrix'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '@norrix') symlinkSync(join(root, 'node_modules', name), join(packages, name))
  }
  for (const name of readdirSync(join(folder, 'packages'))) {
    symlinkSync(join(folder, 'packages', name), join(packages, '@norrix', name))
  }
}

function run(folder: string, words: readonly string[]): Promise<{ code: number; text: string }> {
  const child = spawn(process.execPath, words, {
    cwd: folder,
    env: { ...withoutVitest(process.env), NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: Buffer[] = []
  child.stdout.on('data', (piece: Buffer) => said.push(piece))
  child.stderr.on('data', (piece: Buffer) => said.push(piece))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) =>
      resolve({ code: code ?? 128, text: Buffer.concat(said).toString() }),
    )
  })
}

/** A run of tests inside of a test must not take the outer one's settings for its own. */
function withoutVitest(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const outer = /^(VITEST|VITE_|NODE_ENV$|TEST$|NORRIX_TEST_LONG$)/
  return Object.fromEntries(Object.entries(env).filter(([name]) => !outer.test(name)))
}
