import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const SOURCE = join(import.meta.dirname, '..', 'tools', 'cognito')
const FILES = ['package.json', 'package-lock.json', '.npmrc']
const INSTALL_MS_MAX = 180_000

/**
 * Installs the packages of `test/tools/cognito` by their lock file into the user's cache, once, and
 * returns the folder. `everything` also takes the heavy one, cognito-local (128 MB), into a folder of
 * its own. Installs beside the target and renames, so parallel runs cannot see half a tree.
 */
export async function installedTools(
  what: 'light' | 'everything',
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const lock = await readFile(join(SOURCE, 'package-lock.json'))
  const digest = createHash('sha256').update(lock).digest('hex').slice(0, 12)
  const cache = join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'norrix-tests')
  const target = join(cache, `cognito-${what}-${digest}`)
  if (await exists(target)) return target
  await mkdir(cache, { recursive: true })
  const fresh = await mkdtemp(`${target}-`)
  for (const file of FILES) await cp(join(SOURCE, file), join(fresh, file))
  const omitted = what === 'light' ? ['--omit=dev'] : []
  await npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', ...omitted], fresh)
  await rename(fresh, target).catch(() => rm(fresh, { recursive: true, force: true }))
  return target
}

async function npm(args: string[], folder: string): Promise<void> {
  // Under `npm test`, npm says where it lies; a shell is needed for the bare name on Windows alone.
  const own = process.env['npm_execpath']
  const [program, all] = own === undefined ? ['npm', args] : [process.execPath, [own, ...args]]
  const shell = own === undefined && process.platform === 'win32'
  const options = { cwd: folder, timeout: INSTALL_MS_MAX, shell }
  await promisify(execFile)(program, all, options).catch((cause: unknown) => {
    const remedy = 'Run the test again with the package registry in reach.'
    throw new Error(`npm could not install the tools of test/tools/cognito. ${remedy}`, { cause })
  })
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
