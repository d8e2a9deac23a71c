/** Where text stands on the line. Pure. */

/** No line is longer where it can be helped (docs/cli-style.md). */
export const columnsMax = 80

/** Breaks at spaces; a word that is too long stays whole, so that it can be copied. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}

/** Text after a margin; its further lines stand under its first. */
export function hang(margin: string, text: string): string[] {
  const lines = wrap(text, columnsMax - margin.length)
  const rest = ' '.repeat(margin.length)
  return lines.map((line, index) => `${index === 0 ? margin : rest}${line}`)
}

export interface Field {
  readonly label: string
  readonly value: string
  /** Where the value comes from; stands in a column of its own. */
  readonly because?: string | undefined
}

/** Labelled values under a headline, the reasons in a column of their own where it fits. */
export function fieldLines(fields: readonly Field[]): string[] {
  const labelWidth = Math.max(12, ...fields.map(({ label }) => label.length)) + 2
  // A value that leaves its reason no room does not push away those of the others.
  const fitting = fields.filter(
    ({ value, because }) =>
      because !== undefined && labelWidth + value.length + because.length + 4 <= columnsMax,
  )
  const valueWidth = Math.max(38, ...fitting.map(({ value }) => value.length + 2))
  return fields.flatMap(({ label, value, because }) => {
    const margin = `  ${label.padEnd(labelWidth)}`
    if (because === undefined) return hang(margin, value)
    const whole = `${margin}${value.padEnd(valueWidth)}${because}`
    if (whole.length <= columnsMax) return [whole]
    return [...hang(margin, value), ...hang(' '.repeat(margin.length), `(${because})`)]
  })
}

/** A table of texts, two spaces apart; each column is as wide as its widest cell. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
