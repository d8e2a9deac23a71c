import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { spawn } from '@lydell/node-pty'

/** `norrix` in a pseudo-terminal: it sees a person there, with a screen and a keyboard. */
export interface InTerminal {
  /** What a person could have read until now: without colours and the movements of the cursor. */
  readonly seen: () => string
  /** Resolves with the match; throws when the program ends, or 30 s pass, before it is seen. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>
  /** Presses keys, as the bytes that a terminal sends for them. */
  press(keys: string): void
  /** The exit code. */
  readonly ended: Promise<number>
}

/** The bytes of keys that have no letter (ECMA-48; the C0 codes). */
export const keys = { down: '\u001b[B', up: '\u001b[A', enter: '\r', ctrlC: '\u0003' } as const

export interface TerminalOptions {
  readonly home: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** The program and its first words: the packed command line of `dist/` under this Node unless given. */
  readonly program?: readonly [string, ...string[]]
  /** Of the screen; 100 unless given. */
  readonly columns?: number
}

const patienceMs = 30_000
const main = fileURLToPath(new URL('../../dist/cli/package/norrix.cjs', import.meta.url))

/** Starts `norrix` with these words. */
export function typeInTerminal(words: readonly string[], options: TerminalOptions): InTerminal {
  const { home, cwd = home, env = {}, columns = 100 } = options
  const [file, ...first] = options.program ?? [process.execPath, main]
  const child = spawn(file, [...first, ...words], {
    name: 'xterm-256color',
    cols: columns,
    rows: 40,
    cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      USERPROFILE: home,
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      // No window of a browser opens on the machine of whoever runs the tests.
      BROWSER: 'none',
      // Not the keyring of whoever runs the tests.
      NORRIX_STORAGE: 'file',
      ...env,
    },
  })
  let raw = ''
  let isOver = false
  const listeners = new Set<() => void>()
  const news = (): void => listeners.forEach((listener) => listener())
  const seen = (): string => stripVTControlCharacters(raw).replaceAll('\r\n', '\n')
  child.onData((text) => {
    raw += text
    news()
  })
  const ended = new Promise<number>((resolve) => {
    child.onExit(({ exitCode }) => {
      isOver = true
      resolve(exitCode)
      news()
    })
  })
  return {
    seen,
    ended,
    press: (text) => child.write(text),
    waitFor: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(seen())
          if (match) settle(() => resolve(match))
          else if (isOver)
            settle(() => reject(new Error(`It ended without ${pattern}:\n${seen()}`)))
        }
        const late = setTimeout(
          () => settle(() => reject(new Error(`Never seen, ${pattern}:\n${seen()}`))),
          patienceMs,
        )
        const settle = (settled: () => void): void => {
          clearTimeout(late)
          listeners.delete(look)
          settled()
        }
        listeners.add(look)
        look()
      }),
  }
}
