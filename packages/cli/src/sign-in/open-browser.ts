import { spawn } from 'node:child_process'
import type { Surroundings } from '../io/terminal.ts'
import { childEnvironment } from '../project/child-environment.ts'

/** An opener gets this long to say that it cannot. */
const patienceMs = 3000

/**
 * Asks the desktop to open an address. Never through a shell, so that nothing in the address is read by one (threat T13).
 * That it fails or hangs changes nothing: the address is printed as well.
 *
 * @param url checked to be https, or http on this machine
 */
export async function openBrowser(
  url: URL,
  around: Pick<Surroundings, 'env' | 'platform'>,
): Promise<void> {
  const until = Date.now() + patienceMs
  for (const [program, ...args] of openersFor(url.href, around)) {
    if (program === undefined) continue
    const options = { env: childEnvironment(around.env), patienceMs: until - Date.now() }
    if (await opens(program, args, options)) return
  }
}

/**
 * The programs to try in turn, with their arguments. `$BROWSER` goes first: a list with colons between, in which `%s` stands
 * for the address, as xdg-open has it.
 */
export function openersFor(
  url: string,
  { env, platform }: Pick<Surroundings, 'env' | 'platform'>,
): readonly (readonly string[])[] {
  const chosen = env['BROWSER']?.trim()
  if (chosen === 'none') return []
  if (chosen) return chosenOpeners(chosen, url, platform)
  if (platform === 'darwin') return [['open', url]]
  // `start` is a word of cmd.exe, which would read & and % in the address.
  if (platform === 'win32') return [['rundll32', 'url.dll,FileProtocolHandler', url]]
  const isWindowsBelow = Boolean(env['WSL_DISTRO_NAME'] || env['WSL_INTEROP'])
  return isWindowsBelow
    ? [
        ['wslview', url],
        ['explorer.exe', url],
      ]
    : [['xdg-open', url]]
}

function chosenOpeners(
  chosen: string,
  url: string,
  platform: NodeJS.Platform,
): readonly (readonly string[])[] {
  // On Windows a colon is part of a path.
  const each = platform === 'win32' ? [chosen] : chosen.split(':').filter((part) => part !== '')
  return each.map((text) => {
    const words = text.trim().split(/\s+/)
    return words.some((word) => word.includes('%s'))
      ? words.map((word) => word.replaceAll('%s', () => url))
      : [...words, url]
  })
}

/** Whether the program took the address. Some openers are the browser itself and stay: that is a yes, and it is left to itself. */
function opens(
  program: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly patienceMs: number },
): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore', detached: true, env: options.env })
    const timer = setTimeout(() => resolve(true), Math.max(0, options.patienceMs)).unref()
    const done = (hasOpened: boolean): void => {
      clearTimeout(timer)
      resolve(hasOpened)
    }
    child.on('error', () => done(false))
    child.on('exit', (code) => done(code === 0))
    child.unref()
  })
}
