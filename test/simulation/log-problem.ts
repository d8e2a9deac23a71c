import { lineOf } from './runner.ts'

/**
 * What is wrong with a log as it is stored: its pieces have to follow each other byte for byte, and of each lease it has to hold
 * whole lines, in order, from the first on, none twice, and none behind a later lease's.
 *
 * @returns undefined when nothing is
 */
export function logProblem(
  pieces: readonly { readonly from_byte: number; readonly text: string }[],
  logBytes: number,
): string | undefined {
  let end = 0
  for (const { from_byte: from, text } of pieces) {
    if (from !== end) return `a piece begins at byte ${from}, the last one ended at ${end}`
    end += Buffer.byteLength(text)
  }
  if (end !== logBytes) return `its pieces end at byte ${end}, the build says ${logBytes}`
  return lineProblem(pieces.map((piece) => piece.text).join(''))
}

function lineProblem(text: string): string | undefined {
  let [lease, expected] = [0, 0]
  const lines = text.split('\n')
  const rest = lines.pop()
  for (const line of lines) {
    if (line.startsWith('[norrix] ')) continue
    const [, number = '', n = ''] = /^lease (\d+) line (\d+) ·*$/.exec(line) ?? []
    if (number === '') return `a strange line: ${line}`
    if (Number(number) < lease) return `lease ${number} spoke behind lease ${lease}`
    if (Number(number) > lease) [lease, expected] = [Number(number), 0]
    if (Number(n) !== expected) return `lease ${lease} says line ${n}, not ${expected}`
    if (`${line}\n` !== lineOf(lease, expected)) return `a broken line: ${line}`
    expected += 1
  }
  return rest === '' || rest?.startsWith('lease ') ? undefined : `a strange end: ${rest}`
}
