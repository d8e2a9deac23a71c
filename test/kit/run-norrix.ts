import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The command line in a process of its own, as a user has it: its own home, no terminal, nothing of this process's settings. */

export interface RunOptions {
  /** A fresh, empty one for each unless given; it stays until `removeHome`. */
  readonly home?: string
  readonly cwd?: string
  /** On top of an environment that holds PATH, HOME and a UTF-8 locale and nothing else. Undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Written to stdin, which is closed then. */
  readonly input?: string
  /** The program file: the source's `main.ts` unless a test runs the packed one. */
  readonly main?: string
  /** The Node that runs it; this one by default. */
  readonly node?: string
}

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  /** What has come on both streams until now. */
  readonly output: () => { readonly stdout: string; readonly stderr: string }
  /** Resolves with the match once either stream has it; throws when the process ends before. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>
  readonly ended: Promise<Ran>
}

const sourceMain = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

/** A folder to stand for a user's home; `remove` takes it away. */
export function temporaryHome(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'norrix-home-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Runs `norrix` with these words to its end. */
export function runNorrix(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return startNorrixCommand(words, options).ended
}

/** Runs `norrix` and gives it back while it runs. */
export function startNorrixCommand(words: readonly string[], options: RunOptions = {}): Running {
  const home = options.home ? undefined : temporaryHome()
  const child = spawn(options.node ?? process.execPath, [options.main ?? sourceMain, ...words], {
    cwd: options.cwd ?? options.home ?? home?.path,
    env: environmentFor(options.home ?? home?.path ?? '', options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  const listeners = new Set<() => void>()
  const news = (): void => listeners.forEach((listener) => listener())
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    news()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    news()
  })
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  const ended = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      home?.remove()
      resolve({ code, stdout, stderr })
      news()
    })
  })
  return {
    child,
    ended,
    output: () => ({ stdout, stderr }),
    waitFor: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(stdout) ?? pattern.exec(stderr)
          if (!match && child.exitCode === null && child.signalCode === null) return
          listeners.delete(look)
          if (match) resolve(match)
          else reject(new Error(`norrix ended before it said ${pattern}:\n${stdout}${stderr}`))
        }
        listeners.add(look)
        look()
      }),
  }
}

function environmentFor(
  home: string,
  changes: RunOptions['env'] = {},
): Record<string, string | undefined> {
  return {
    PATH: process.env['PATH'],
    HOME: home,
    USERPROFILE: home,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    ...changes,
  }
}
