import { directions } from '@norrix/contract/text.policy'

/**
 * A terminal's text made fit for a page: colours become looks, every other control sequence and control character
 * goes. What comes out is plain text and class names from the list below, so a log cannot do more than be read.
 */

/** Text in one look: class names, none for plain text. */
export interface Run {
  readonly look: string
  readonly text: string
}

/** What is switched on at a point of the log; it carries over line ends. */
export interface Style {
  readonly colour: string
  readonly bold: boolean
  readonly dim: boolean
  readonly italic: boolean
  readonly underline: boolean
}

export const plainStyle: Style = {
  colour: '',
  bold: false,
  dim: false,
  italic: false,
  underline: false,
}

const escape = '\u001b'
// ECMA-48: CSI sequences (5.4), command strings such as OSC (5.6), which an unfinished line may cut off, and the rest.
const sequence = new RegExp(
  `(?:${escape}\\[|\u009b)([0-?]*)[ -/]*([@-~]|$)|${escape}[\\]PX^_][^\u0007${escape}]*(?:\u0007|${escape}\\\\|$)|${escape}(?:[ -/]*[0-~]|$)`,
  'g',
)
const unseen = /(?!\t)\p{Cc}/gu

/** Reads one line, without its end, in the style that the line before left. */
export function readLine(
  line: string,
  style: Style,
): { readonly runs: readonly Run[]; readonly style: Style } {
  const runs: Run[] = []
  const add = (text: string, now: Style): void => {
    // What turns the direction of writing could make a line read as another than it is.
    const clean = text.replace(unseen, '').replace(directions, '')
    if (clean !== '') runs.push({ look: lookOf(now), text: clean })
  }
  const visible = afterCarriageReturns(line)
  let now = style
  let start = 0
  for (const match of visible.matchAll(sequence)) {
    add(visible.slice(start, match.index), now)
    start = match.index + match[0].length
    if (match[2] === 'm') now = restyle(now, match[1] ?? '')
  }
  add(visible.slice(start), now)
  return { runs, style: now }
}

/** A carriage return starts the line over: of a progress bar only the last state is left. */
function afterCarriageReturns(line: string): string {
  const ended = line.endsWith('\r') ? line.slice(0, -1) : line
  return ended.slice(ended.lastIndexOf('\r') + 1)
}

const colours = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']

/** SGR, ECMA-48 8.3.117. Backgrounds, and colours outside the eight, are left out: they would not fit both themes. */
function restyle(style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map(Number)
  let now = style
  for (let place = 0; place < codes.length; place++) {
    const code = codes[place] ?? 0
    if (code === 38 || code === 48) {
      const colour = codes[place + 1] === 5 ? named(codes[place + 2] ?? -1) : ''
      if (code === 38) now = { ...now, colour }
      place += codes[place + 1] === 5 ? 2 : 4
    } else now = { ...now, ...effectOf(code) }
  }
  return now
}

function effectOf(code: number): Partial<Style> {
  if (code === 0) return plainStyle
  if (code === 1) return { bold: true }
  if (code === 2) return { dim: true }
  if (code === 3) return { italic: true }
  if (code === 4) return { underline: true }
  if (code === 22) return { bold: false, dim: false }
  if (code === 23) return { italic: false }
  if (code === 24) return { underline: false }
  if (code === 39) return { colour: '' }
  if (code >= 30 && code <= 37) return { colour: named(code - 30) }
  if (code >= 90 && code <= 97) return { colour: named(code - 82) }
  return {}
}

/** The eight colours and their bright twins, of which bright black is grey. */
function named(index: number): string {
  if (index === 8) return 'grey'
  return index >= 0 && index < 16 ? (colours[index % 8] ?? '') : ''
}

function lookOf({ colour, ...effects }: Style): string {
  const names = Object.entries(effects).flatMap(([name, on]) => (on ? [`ansi-${name}`] : []))
  return (colour === '' ? names : [`ansi-${colour}`, ...names]).join(' ')
}
