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
  const [program, ...args] = openerFor(url.href, around)
  if (program === undefined) return
  await new Promise<void>((resolve) => {
    const child = spawn(program, args, {
      stdio: 'ignore',
      detached: true,
      env: childEnvironment(around.env),
    })
    // Some openers are the browser itself and stay: it is left to itself then.
    const timer = setTimeout(resolve, patienceMs).unref()
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    child.on('error', done)
    child.on('exit', done)
    child.unref()
  })
}

/** The program and its arguments. `$BROWSER` goes first; `%s` in it stands for the address, as xdg-open has it. */
export function openerFor(
  url: string,
  { env, platform }: Pick<Surroundings, 'env' | 'platform'>,
): readonly string[] {
  const chosen = env['BROWSER']?.trim()
  if (chosen && chosen !== 'none') {
    const words = chosen.split(':')[0]?.split(/\s+/) ?? []
    return words.some((word) => word.includes('%s'))
      ? words.map((word) => word.replaceAll('%s', () => url))
      : [...words, url]
  }
  if (chosen === 'none') return []
  if (platform === 'darwin') return ['open', url]
  // `start` is a word of cmd.exe, which would read & and % in the address.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', url]
  return ['xdg-open', url]
}
