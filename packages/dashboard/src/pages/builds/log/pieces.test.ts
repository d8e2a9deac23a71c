import { expect, test } from 'vitest'
import { plainStyle, readLine } from './ansi.ts'
import { append, emptyLog, linesPerPiece, openRuns, type LogText } from './pieces.ts'

const textOf = (log: LogText): string =>
  [...log.pieces.flatMap((piece) => piece.runs), ...openRuns(log)].map((run) => run.text).join('')
const read = (line: string) => readLine(line, plainStyle).runs

test('colours become looks, and what they coloured stays', () => {
  expect(read('\u001b[1;31merror\u001b[0m: no')).toEqual([
    { look: 'ansi-red ansi-bold', text: 'error' },
    { look: '', text: ': no' },
  ])
  expect(read('\u001b[38;5;2mok\u001b[39m')).toEqual([{ look: 'ansi-green', text: 'ok' }])
  expect(read('\u001b[38;2;1;2;3mplain')).toEqual([{ look: '', text: 'plain' }])
})

test.each([
  ['moving the cursor', 'a\u001b[2K\u001b[1Ab', 'ab'],
  ['a window title', '\u001b]0;title\u0007text', 'text'],
  ['a hyperlink', '\u001b]8;;https://example.com\u001b\\link\u001b]8;;\u001b\\', 'link'],
  ['a device string', '\u001bPq#0\u001b\\done', 'done'],
  ['one-byte controls', 'a\u0000b\u0008c\u009b31md', 'abcd'],
  ['a sequence that the line cuts off', 'x\u001b[3', 'x'],
  ['direction overrides', 'safe\u202eexe.gpj', 'safeexe.gpj'],
])('%s never reaches the page', (_, line, seen) => {
  expect(
    read(line)
      .map((run) => run.text)
      .join(''),
  ).toBe(seen)
})

test('a progress bar leaves its last state', () => {
  expect(read('10 %\r50 %\r100 %\r')).toEqual([{ look: '', text: '100 %' }])
})

test('markup stays text: nothing in a run is anything but a text and known class names', () => {
  expect(read('<img src=x onerror=alert(1)>')).toEqual([
    { look: '', text: '<img src=x onerror=alert(1)>' },
  ])
})

test('the same text comes out however the stream was cut', () => {
  const whole = Array.from(
    { length: 1_234 },
    (_, line) => `\u001b[3${line % 8}mline ${line}\u001b[0m`,
  ).join('\r\n')
  const expected = textOf(append(emptyLog, whole))
  for (const size of [1, 7, 1_000]) {
    let log = emptyLog
    for (let at = 0; at < whole.length; at += size) log = append(log, whole.slice(at, at + size))
    expect(textOf(log)).toBe(expected)
    expect(log.lineCount).toBe(1_233)
  }
})

test('full pieces stay the same objects when text is added', () => {
  const before = append(emptyLog, 'x\n'.repeat(linesPerPiece * 2 + 3))
  const after = append(before, 'y\n'.repeat(linesPerPiece))
  expect(after.pieces.slice(0, 2)).toEqual(before.pieces.slice(0, 2))
  expect(after.pieces[0]).toBe(before.pieces[0])
  expect(after.pieces[1]).toBe(before.pieces[1])
  expect(after.pieces.map((piece) => piece.lineCount)).toEqual([500, 500, 500, 3])
})

test('a line without an end is broken up instead of growing for ever', () => {
  const log = append(emptyLog, 'x'.repeat(50_000))
  expect(log.lineCount).toBe(6)
  expect(log.open.length).toBeLessThanOrEqual(8_000)
})
