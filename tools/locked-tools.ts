import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

// Tools that one suite or the demo needs, kept out of the project's own dependencies: each has a lock file in
// `test/tools/<name>/` and is installed on first use into a folder of this user's cache. The folder is named after
// the lock file, so that a new lock never meets an old tree. Several processes may ask at once: the first one
// installs, the others wait, and the tree appears by rename, complete.

const run = promisify(execFile)
const sources = join(import.meta.dirname, '..', 'test', 'tools')
const files = ['package.json', 'package-lock.json', '.npmrc']
const installMinutesMax = 5

/** The tools of `test/tools/<name>/` could not be installed. The message has the cause and a remedy. */
export class ToolsMissing extends Error {
  override readonly name = 'ToolsMissing'
}

/**
 * Gives the folder whose `node_modules` holds the tools that `test/tools/<name>/package-lock.json` names.
 *
 * @param options.dev also what the package.json lists as dev dependencies; into a folder of its own
 * @throws ToolsMissing
 */
export async function installedTools(
  name: string,
  options: { readonly dev?: boolean } = {},
): Promise<string> {
  const lock = await readFile(join(sources, name, 'package-lock.json'))
  const lockHash = createHash('sha256').update(lock).digest('hex').slice(0, 12)
  const target = join(cacheFolder(), `${name}${options.dev ? '-dev' : ''}-${lockHash}`)
  if (await exists(target)) return target
  await mkdir(cacheFolder(), { recursive: true, mode: 0o700 })
  const turn = `${target}.installing`
  if (!(await takeTurn(turn, target))) return target
  try {
    // Between the look and the turn, another one may have finished.
    if (!(await exists(target))) await install(name, target, options.dev ?? false)
  } finally {
    await rm(turn, { recursive: true, force: true })
  }
  return target
}

function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'norrix')
}

/** True: this process installs. False: another one has done so while we waited. */
async function takeTurn(turn: string, target: string): Promise<boolean> {
  for (;;) {
    if (await exists(target)) return false
    if (await made(turn)) return true
    const since = await stat(turn).catch(() => undefined)
    // An installer that was killed leaves its mark behind.
    if (since && Date.now() - since.mtimeMs > installMinutesMax * 60_000) {
      await rm(turn, { recursive: true, force: true })
    }
    await sleep(200)
  }
}

async function install(name: string, target: string, dev: boolean): Promise<void> {
  const work = await mkdtemp(`${target}.`)
  try {
    for (const file of files) await copyFile(join(sources, name, file), join(work, file))
    await npmCi(name, work, dev)
    await rename(work, target)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function npmCi(name: string, folder: string, dev: boolean): Promise<void> {
  // Under an npm script, npm says where it lies; a shell is needed for the bare name on Windows alone.
  const npm = process.env['npm_execpath']
  const flags = [
    'ci',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    ...(dev ? [] : ['--omit=dev']),
  ]
  const [program, args] = npm ? [process.execPath, [npm, ...flags]] : ['npm', flags]
  const shell = !npm && process.platform === 'win32'
  await run(program, args, { cwd: folder, timeout: installMinutesMax * 60_000, shell }).catch(
    (cause: unknown) => {
      throw new ToolsMissing(
        `npm could not install the tools of test/tools/${name} (${reason(cause)}). Run it again with the package registry in reach.`,
        { cause },
      )
    },
  )
}

// npm's own last lines say what went wrong; Node's message would repeat the whole command.
function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const printed = 'stderr' in cause && typeof cause.stderr === 'string' ? cause.stderr.trim() : ''
  return printed.split('\n').slice(0, 2).join('; ') || (cause.message.split('\n')[0] ?? '')
}

async function made(folder: string): Promise<boolean> {
  return mkdir(folder).then(
    () => true,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EEXIST') return false
      throw cause
    },
  )
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
