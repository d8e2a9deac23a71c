import { clean, cleanJson, cleanLine, toAscii } from './clean.ts'
import { columnsMax, fieldLines, hang, tableLines, type Field } from './layout.ts'
import { showsColor, speaksUtf8, type OutputStream, type Surroundings } from './terminal.ts'

/**
 * How commands speak: results on stdout, talk on stderr. Everything that is written is cleaned here, so that no text of
 * a server, a project or a build reaches the terminal as a command.
 */

/** What speaking takes of a process. */
export type Spoken = Pick<Surroundings, 'env' | 'platform' | 'stdout' | 'stderr'>

export type Mark = 'done' | 'failed' | 'warning'

export interface Voice {
  line(text: string): void
  /** A line that begins with a mark. */
  marked(mark: Mark, text: string): void
  fields(fields: readonly Field[]): void
  table(rows: readonly (readonly string[])[]): void
  /** Lines of somebody else's output, set off by a bar. */
  quoted(text: string): void
}

export interface Io {
  /** stdout: what was asked for. Silent with --json, where `json` is the result. */
  readonly result: Voice
  /** stderr: everything else. */
  readonly talk: Voice
  readonly isJson: boolean
  /** Whether somebody may be asked: a terminal on both sides, and neither -n nor a key nor a build server. */
  readonly isInteractive: boolean
  /** One document on stdout, with --json only. */
  document(value: unknown): void
  /** One event a line on stdout, with --json only. */
  event(value: unknown): void
  /** A line that overwrites itself, on a terminal only; empty text takes it away. */
  progress(text: string): void
}

export function createIo(
  around: Spoken,
  options: { readonly json: boolean; readonly interactive: () => boolean },
): Io {
  const { json } = options
  const progress = progressOn(around)
  const voice = (stream: OutputStream): Voice => voiceOn(stream, around, progress.clear)
  return {
    result: json ? silent : voice(around.stdout),
    talk: voice(around.stderr),
    isJson: json,
    get isInteractive() {
      return options.interactive()
    },
    document: (value) => {
      if (json) around.stdout.write(`${cleanJson(value, 2)}\n`)
    },
    event: (value) => {
      if (json) around.stdout.write(`${cleanJson(value)}\n`)
    },
    progress: json ? () => {} : progress.show,
  }
}

const marks: Readonly<Record<Mark, { sign: string; color: number }>> = {
  done: { sign: '✓', color: 32 },
  failed: { sign: '✗', color: 31 },
  warning: { sign: '!', color: 33 },
}

const silent: Voice = { line() {}, marked() {}, fields() {}, table() {}, quoted() {} }

function voiceOn(stream: OutputStream, around: Spoken, clearProgress: () => void): Voice {
  // Asked when something is written, and no earlier: a stream that stays silent is never opened.
  const hasColor = () => showsColor(stream, around.env)
  const utf8 = speaksUtf8(around)
  const write = (text: string, painted = (plain: string) => plain): void => {
    clearProgress()
    const safe = clean(text)
    stream.write(`${painted(utf8 ? safe : toAscii(safe))}\n`)
  }
  const lines = (all: readonly string[]): void => all.forEach((line) => write(line))
  return {
    line: (text) => write(text),
    marked(mark, text) {
      const { sign, color: code } = marks[mark]
      const [first = '', ...rest] = hang('  ', cleanLine(text))
      const shown = utf8 ? sign : toAscii(sign)
      write(
        first,
        (plain) => `${hasColor() ? `\u001b[${code}m${shown}\u001b[0m` : shown}${plain.slice(1)}`,
      )
      lines(rest)
    },
    fields: (fields) =>
      lines(fieldLines(fields.map((field) => ({ ...field, value: cleanLine(field.value) })))),
    table: (rows) => lines(tableLines(rows.map((row) => row.map(cleanLine)))),
    quoted(text) {
      const painted = (plain: string) => (hasColor() ? `\u001b[2m${plain}\u001b[0m` : plain)
      for (const line of clean(text).split('\n')) write(`  │ ${line}`, painted)
    },
  }
}

/** Quiet without a terminal: a log file is no place for a line that moves. */
function progressOn(around: Spoken): { show: (text: string) => void; clear: () => void } {
  const { stderr } = around
  const moves = () => stderr.isTTY === true && around.env['TERM'] !== 'dumb'
  const utf8 = speaksUtf8(around)
  let shown = false
  const clear = (): void => {
    if (shown) stderr.write('\r\u001b[K')
    shown = false
  }
  return {
    clear,
    show(text) {
      clear()
      if (text === '' || !moves()) return
      const width = Math.min(columnsMax, stderr.columns ?? columnsMax) - 1
      stderr.write((utf8 ? cleanLine(text) : toAscii(cleanLine(text))).slice(0, width))
      shown = true
    },
  }
}
