import { plainStyle, readLine, type Run, type Style } from './ansi.ts'

/** So many lines are kept together: a page of 10^5 lines then has 200 pieces, of which only the last changes. */
export const linesPerPiece = 500

// A line is broken where it has run on for so long that a page could not lay it out.
const lineLengthMax = 8_000

export interface Piece {
  readonly id: number
  readonly lineCount: number
  /** Neighbours in one look are one run: an uncoloured piece is a single text. */
  readonly runs: readonly Run[]
}

export interface LogText {
  readonly pieces: readonly Piece[]
  readonly lineCount: number
  /** The line that has not ended yet, as it came. */
  readonly open: string
  readonly style: Style
}

export const emptyLog: LogText = { pieces: [], lineCount: 0, open: '', style: plainStyle }

/** The log with more text at its end. Pieces that are full stay the very same objects. */
export function append(log: LogText, text: string): LogText {
  const lines = (log.open + text).split('\n').flatMap(breakUp)
  const open = lines.pop() ?? ''
  const pieces = [...log.pieces]
  let { style } = log
  let place = 0
  while (place < lines.length) {
    const last = pieces.at(-1)
    const growing = last && last.lineCount < linesPerPiece ? pieces.pop() : undefined
    const room = linesPerPiece - (growing?.lineCount ?? 0)
    const grown = grow(growing ?? newPiece(pieces.length), lines.slice(place, place + room), style)
    pieces.push(grown.piece)
    style = grown.style
    place += room
  }
  return { pieces, lineCount: log.lineCount + lines.length, open, style }
}

/** The unfinished line as it reads so far. */
export function openRuns(log: LogText): readonly Run[] {
  return readLine(log.open, log.style).runs
}

function newPiece(id: number): Piece {
  return { id, lineCount: 0, runs: [] }
}

function grow(
  piece: Piece,
  lines: readonly string[],
  style: Style,
): { piece: Piece; style: Style } {
  const runs = [...piece.runs]
  let now = style
  for (const line of lines) {
    const read = readLine(line, now)
    now = read.style
    for (const run of read.runs) join(runs, run)
    join(runs, { look: '', text: '\n' })
  }
  return { piece: { ...piece, lineCount: piece.lineCount + lines.length, runs }, style: now }
}

function join(runs: Run[], run: Run): void {
  const last = runs.at(-1)
  // A line end shows in no look, so it never needs a run of its own.
  if (last && (last.look === run.look || run.text === '\n')) {
    runs[runs.length - 1] = { look: last.look, text: last.text + run.text }
  } else runs.push(run)
}

function breakUp(line: string): string[] {
  if (line.length <= lineLengthMax) return [line]
  const parts: string[] = []
  for (let at = 0; at < line.length; at += lineLengthMax)
    parts.push(line.slice(at, at + lineLengthMax))
  return parts
}
