import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** The packed command line, installed from the server as a stranger would, with a home of its own. */
export interface InstalledCli {
  /** Runs a command to its end, without a terminal. */
  run(words: readonly string[], more?: RunOptions): Promise<Ended>
  /** Starts a command and gives the address that it prints for the browser. */
  signIn(url: string): Promise<{ address: string; ended: Promise<Ended> }>
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly folder?: string
  /** Gets the command's talk as it comes. */
  readonly onTalk?: (text: string) => void
}

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** @throws Error with npm's last words when the package cannot be installed */
export async function installCli(from: string, folder: string): Promise<InstalledCli> {
  const prefix = join(folder, 'prefix')
  const home = join(folder, 'home')
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const env = { ...cleanEnvironment(), HOME: home, BROWSER: 'none' }
  const npm = process.env['npm_execpath']
  const words = ['install', '-g', '--prefix', prefix, '--no-audit', '--no-fund', `${from}/cli.tgz`]
  const [program, args] = npm ? [process.execPath, [npm, ...words]] : ['npm', words]
  const installed = await ended(spawn(program, args, { env, cwd: folder }))
  if (installed.code !== 0) throw new Error(installed.stderr.trim().split('\n').slice(-3).join(' '))
  const norrix = join(prefix, 'bin', 'norrix')
  const start = (words: readonly string[], more: RunOptions): ChildProcess =>
    spawn(norrix, words, { env: { ...env, ...more.env }, cwd: more.folder ?? folder })
  return {
    run: (words, more = {}) => ended(start(words, more), more.onTalk),
    async signIn(url) {
      const child = start(['sign-in', url, '--browser'], {})
      let said: (address: string) => void
      const address = new Promise<string>((resolve) => (said = resolve))
      let talk = ''
      const done = ended(child, (text) => {
        talk += text
        const found = /https?:\S+\/authorize\?\S+/.exec(talk)?.[0]
        if (found !== undefined) said(found)
      })
      const early = done.then(({ stderr }) => Promise.reject(new Error(stderr.trim())))
      // The early end only matters while the address is waited for.
      early.catch(() => {})
      return { address: await Promise.race([address, early]), ended: done }
    },
  }
}

/** Nothing of Norrix and nothing of npm's own settings from whoever runs the demo. */
function cleanEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !/^(NORRIX_|npm_)/i.test(name),
  )
  return Object.fromEntries(entries) as Record<string, string> // undefined was just left out
}

function ended(child: ChildProcess, onTalk?: (text: string) => void): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdin?.end()
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    onTalk?.(text)
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr }))
  })
}
