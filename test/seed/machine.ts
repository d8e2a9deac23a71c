import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { JWK } from 'jose'
import { installCli } from '../../tools/demo/cli.ts'
import { installedTools } from '../../tools/locked-tools.ts'
import { startNorrixCommand, type Ran, type Running } from '../kit/run-norrix.ts'
import { sessionsOf } from '../kit/stored-session.ts'
import { typeInTerminal, type InTerminal } from '../kit/terminal.ts'

/** The machine of somebody who installed the packed command line: a home, a Node, `norrix` in PATH, a terminal. */
export interface Machine {
  readonly home: string
  /** `norrix` with these words, without a terminal, to its end. */
  norrix(words: string, options?: Options): Promise<Ran>
  start(words: string, options?: Options): Running
  /** `norrix` with these words in a pseudo-terminal, where it sees a person. */
  type(words: string, options?: Options): InTerminal
  /** The address that `norrix` had the browser open; the file of it is taken away, so that the next one is a new one. */
  opened(): Promise<string>
  /** The session of one environment, decrypted; undefined where there is none. */
  session(environment: string): Promise<StoredSession | undefined>
  remove(): void
}

export interface Options {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface StoredSession {
  readonly accessToken: string
  readonly refreshToken: string
  readonly tokenEndpoint: string
  readonly key: JWK
}

const openerPatienceMs = 30_000

/** Installs the packed command line from a running server, with npm, into a folder of its own. */
export async function installFrom(serverUrl: string): Promise<{ bin: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'norrix-installed-'))
  // Builds of a runner that root starts have another user id, and read the runner's own files.
  chmodSync(folder, 0o755)
  await installCli(serverUrl, folder)
  return {
    bin: join(folder, 'prefix', 'bin'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The program file of the Node that `norrix` is run by: the oldest that it supports, or this project's own. */
export async function nodeOf(version: 20 | 24): Promise<string> {
  if (version === 24) return process.execPath
  const name = `node-${process.platform}-${process.arch}`
  return join(await installedTools('node-20'), 'node_modules', name, 'bin', 'node')
}

/** A machine with an empty home. */
export function newMachine(options: { readonly bin: string; readonly node: string }): Machine {
  const folder = mkdtempSync(join(tmpdir(), 'norrix-machine-'))
  const home = join(folder, 'home')
  mkdirSync(home, { mode: 0o700 })
  const asked = join(folder, 'asked')
  const opener = join(folder, 'browser')
  // Stands for a browser's window: notes what it is asked to open. The test opens that in a real one.
  writeFileSync(opener, `#!/bin/sh\nprintf %s "$1" > ${asked}.part && mv ${asked}.part ${asked}\n`)
  chmodSync(opener, 0o755)
  const shell = join(folder, 'norrix.sh')
  // As it is typed: found in PATH. With the most careless umask there is, so that modes are norrix's own doing.
  writeFileSync(shell, 'umask 000\nexec norrix "$@"\n')
  const search = [options.bin, dirname(options.node), process.env['PATH'] ?? ''].join(delimiter)
  const env = {
    HOME: home,
    PATH: search,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    BROWSER: opener,
    // Not the keyring of whoever runs the tests.
    NORRIX_STORAGE: 'file',
  }
  const start = (words: string, more: Options = {}): Running =>
    startNorrixCommand(words.split(' '), {
      home,
      node: '/bin/sh',
      main: shell,
      cwd: more.cwd ?? home,
      env: { ...env, ...more.env },
    })
  return {
    home,
    start,
    norrix: (words, more) => start(words, more).ended,
    type: (words, more = {}) =>
      typeInTerminal(words.split(' '), {
        home,
        cwd: more.cwd ?? home,
        env: { ...env, ...more.env },
        program: ['/bin/sh', shell],
      }),
    async opened() {
      for (const until = Date.now() + openerPatienceMs; Date.now() < until; await pause(20)) {
        const address = readIfThere(asked)
        if (address === undefined) continue
        rmSync(asked)
        return address
      }
      throw new Error('norrix did not open a browser.')
    },
    session: (environment) => sessionsOf(home).read(environment),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Everything below a folder, as paths from it, folders included. */
export function everythingIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
