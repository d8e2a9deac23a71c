/** What stands between the commands and the process: its environment, its streams, its way to be stopped. */

export interface OutputStream {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
}

export interface InputStream {
  readonly isTTY?: boolean | undefined
}

/** Everything of the process that a command may know. Read once, in main.ts. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly homeDir: string
  readonly platform: NodeJS.Platform
  readonly nodeVersion: string
  /** Of Node's own program, and of this one: with every link resolved. */
  readonly nodePath: string
  readonly programPath: string
  /** Of this command line. */
  readonly version: string
  readonly stdin: InputStream
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly now: () => Date
  /** Aborted by Ctrl-C, with a Fault `interrupted` as its reason. */
  readonly signal: AbortSignal
}

/** Whether text may hold more than ASCII: the locale says so (POSIX: LC_ALL over LC_CTYPE over LANG). */
export function speaksUtf8({ env, platform }: Pick<Surroundings, 'env' | 'platform'>): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG']
  if (locale) return /utf-?8/i.test(locale)
  // macOS opens terminals in UTF-8 whatever the locale; on Windows the new terminal and VS Code do.
  if (platform === 'win32') return Boolean(env['WT_SESSION'] || env['TERM_PROGRAM'])
  return platform === 'darwin'
}

/** Colour only for a person's eyes (no-color.org). */
export function showsColor(stream: OutputStream, env: Surroundings['env']): boolean {
  return stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
}

const ciVariables = [
  'CI',
  'CONTINUOUS_INTEGRATION',
  'BUILD_NUMBER',
  'GITHUB_ACTIONS',
  'TEAMCITY_VERSION',
  'TF_BUILD',
]

/** Whether a build server runs this: nobody is there to answer. */
export function isAutomated(env: Surroundings['env']): boolean {
  return ciVariables.some((name) => env[name] && !/^(?:0|false)$/i.test(env[name]))
}
