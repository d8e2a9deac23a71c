import path from 'node:path'
import { IsolationError } from './isolation.ts'
import type { CommandOptions } from './isolation.ts'

const systemPath: Readonly<Record<string, readonly string[]>> = {
  darwin: ['/opt/homebrew/bin', '/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'],
  linux: ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'],
}

/** What the privileged stages of a start run with: nothing of the build's, nothing of the runner's. */
export const bareEnvironment: Readonly<Record<string, string>> = {
  PATH: (systemPath['linux'] ?? []).join(':'),
  LC_ALL: 'C',
}

/**
 * The environment of a build: what was passed, and PATH, HOME, TMPDIR, LANG, USER. HOME and TMPDIR are the
 * workspace's and cannot be overridden. `node` is the folder of the Node binary, always first in PATH.
 * Throws an `IsolationError` on a name that no POSIX shell can hold.
 */
export function buildEnvironment(
  options: Pick<CommandOptions, 'workspace' | 'env'>,
  node: string,
): Record<string, string> {
  const { PATH: given, ...env } = options.env
  for (const name of Object.keys(env)) refuseName(name)
  const rest = given === undefined ? defaultPath() : [given]
  return {
    LANG: 'C.UTF-8',
    USER: 'norrix',
    ...env,
    PATH: [node, ...rest].join(path.delimiter),
    HOME: path.join(options.workspace, 'home'),
    TMPDIR: path.join(options.workspace, 'tmp'),
    ...(process.platform === 'win32' ? windowsFolders(options.workspace) : {}),
  }
}

/** The same as lines of shell: `export NAME='value'`. */
export function environmentText(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join('')
}

function refuseName(name: string): void {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return
  throw new IsolationError(
    `The variable name ${JSON.stringify(name)} cannot be passed to a build. Use letters, digits and underscores.`,
  )
}

function defaultPath(): readonly string[] {
  return systemPath[process.platform] ?? ['C:\\Windows\\System32', 'C:\\Windows']
}

/** Never run there: Windows' own words for HOME and TMPDIR. */
function windowsFolders(workspace: string): Record<string, string> {
  const temp = path.join(workspace, 'tmp')
  return { USERPROFILE: path.join(workspace, 'home'), TEMP: temp, TMP: temp }
}
