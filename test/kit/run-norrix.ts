import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from '@norrix/cli/run'
import { Fault } from '@norrix/contract/fault'
import { version } from '@norrix/contract/version'

/** The command line as a user has it: its own home, no terminal, nothing of this process's settings. */

export interface RunOptions {
  /** A fresh, empty one for each run unless given. */
  readonly home?: string
  readonly cwd?: string
  /** On top of an environment that holds PATH, HOME, a UTF-8 locale and NORRIX_STORAGE=file, and nothing else. Undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Written to stdin, which is closed then. */
  readonly input?: string
  /** The program file: that of the packed command line in `dist/` unless given. */
  readonly main?: string
  /** The Node that runs it; this one by default. */
  readonly node?: string
  /**
   * In this process, from the words to the exit code: the same but for the process itself, and many times faster. For tests
   * that are not about processes, signals or stdin.
   */
  readonly here?: true
  /** What the command line takes itself for, `here` alone: its own unless two versions are to meet. */
  readonly version?: string
}

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  /** What has come on both streams until now. */
  output(): { readonly stdout: string; readonly stderr: string }
  /** Resolves with the match once either stream has it; throws when the command ends before. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>
  /** Ctrl-C. */
  interrupt(): void
  readonly ended: Promise<Ran>
  /** The command's own process. Throws for one that runs `here`. */
  readonly child: ChildProcess
}

/** As it is handed out: made from the source before the tests begin, and five times faster to start. */
const packedMain = fileURLToPath(new URL('../../dist/cli/package/norrix.cjs', import.meta.url))

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
  const own = options.home === undefined ? temporaryHome() : undefined
  const home = options.home ?? own?.path ?? ''
  const heard = listen()
  const start = options.here ? startHere : startProcess
  const { code, interrupt, child } = start(words, home, options, heard)
  const ended = code.then((exit) => {
    own?.remove()
    heard.close()
    return { code: exit, ...heard.output() }
  })
  return {
    ended,
    interrupt,
    output: heard.output,
    waitFor: heard.waitFor,
    get child() {
      if (!child) throw new Error('This command has no process of its own.')
      return child
    },
  }
}

type Start = (
  words: readonly string[],
  home: string,
  options: RunOptions,
  heard: Heard,
) => {
  readonly code: Promise<number | null>
  readonly child: ChildProcess | undefined
  interrupt(): void
}

const startProcess: Start = (words, home, options, heard) => {
  const child = spawn(options.node ?? process.execPath, [options.main ?? packedMain, ...words], {
    cwd: options.cwd ?? home,
    env: environmentFor(home, options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => heard.add('stdout', text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => heard.add('stderr', text))
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  return {
    child,
    interrupt: () => void child.kill('SIGINT'),
    code: new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code) => resolve(code))
    }),
  }
}

const startHere: Start = (words, home, options, heard) => {
  const stop = new AbortController()
  const code = runCommand(words, {
    env: environmentFor(home, options.env),
    cwd: options.cwd ?? home,
    homeDir: home,
    platform: process.platform,
    nodeVersion: process.versions.node,
    nodePath: process.execPath,
    programPath: packedMain,
    version: options.version ?? version,
    stdin: {},
    stdout: { write: (text) => heard.add('stdout', text) },
    stderr: { write: (text) => heard.add('stderr', text) },
    now: () => new Date(),
    signal: stop.signal,
  })
  return {
    code,
    child: undefined,
    interrupt: () => stop.abort(new Fault('interrupted', { message: 'Stopped.' })),
  }
}

interface Heard {
  add(stream: 'stdout' | 'stderr', text: string): void
  close(): void
  output(): { readonly stdout: string; readonly stderr: string }
  waitFor(pattern: RegExp): Promise<RegExpExecArray>
}

function listen(): Heard {
  const texts = { stdout: '', stderr: '' }
  const listeners = new Set<() => void>()
  let isOver = false
  const news = (): void => listeners.forEach((listener) => listener())
  return {
    output: () => ({ ...texts }),
    add(stream, text) {
      texts[stream] += text
      news()
    },
    close() {
      isOver = true
      news()
    },
    waitFor: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(texts.stdout) ?? pattern.exec(texts.stderr)
          if (!match && !isOver) return
          listeners.delete(look)
          if (match) resolve(match)
          else
            reject(
              new Error(`norrix ended before it said ${pattern}:\n${texts.stdout}${texts.stderr}`),
            )
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
    // No window of a browser opens on the machine of whoever runs the tests.
    BROWSER: 'none',
    // Not the keyring of whoever runs the tests.
    NORRIX_STORAGE: 'file',
    ...changes,
  }
}
