/** Cuts a stream of text into whole lines, so that what is written in pieces is shown in lines. */
export interface LogLines {
  /** @returns the lines that are whole now, without their ends */
  add(text: string): readonly string[]
  /** The last line, if it has no end. */
  rest(): readonly string[]
  /** The newest lines so far. */
  readonly last: readonly string[]
}

export function createLogLines(keep: number): LogLines {
  const last: string[] = []
  let pending = ''
  const note = (lines: readonly string[]): readonly string[] => {
    last.push(...lines.filter((line) => line.trim() !== ''))
    last.splice(0, last.length - keep)
    return lines
  }
  return {
    last,
    add(text) {
      const parts = (pending + text).split('\n')
      pending = parts.pop() ?? ''
      return note(parts)
    },
    rest() {
      const line = pending
      pending = ''
      return note(line === '' ? [] : [line])
    },
  }
}
