/** What one table says; pure, so that its text can be tested. */

export interface Section {
  /** The counts, such as `30 rounds`. */
  readonly counts: string
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Where and when it was taken: a sentence. */
export type Circumstances = string

/** The table as Markdown, below the line that says when and how often. */
export function toMarkdown({ counts, header, rows }: Section, taken: Circumstances): string {
  const lines = [header, header.map((_, index) => (index === 0 ? '---' : '---:')), ...rows]
  const table = lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  return `${taken} ${counts}\n\n${table}`
}

/** The document with this section's part replaced; everything outside of the marks stays. @throws Error without the marks */
export function replaceSection(document: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}: written by npm run bench -->`, `<!-- end of ${name} -->`]
  const from = document.indexOf(begin)
  const to = document.indexOf(end)
  if (from === -1 || to < from) throw new Error(`docs/benchmarks.md has no marks for ${name}.`)
  return `${document.slice(0, from + begin.length)}\n${text}\n${document.slice(to)}`
}

/** The middle one; of an even number, the mean of the two in the middle. Not a number for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}

/** The value that a share of all are not above, by the nearest rank. Not a number for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** `23.4 (22.9–27.6)`: median, least and most. */
export function spread(values: readonly number[], digits = 0): string {
  if (!values.every(Number.isFinite)) return '–'
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)]
  return `${figure(middle, digits)} (${figure(least, digits)}–${figure(most, digits)})`
}

/** A number for people; a dash where it could not be had on this system. */
export function figure(value: number, digits = 0): string {
  if (!Number.isFinite(value)) return '–'
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits }
  return value.toLocaleString('en', options)
}

export interface Aim {
  readonly atMost?: number
  readonly atLeast?: number
  readonly unit?: string
}

/** `≤ 1.25 ×, met`. A figure that could not be had meets nothing. */
export function judged(value: number, { atMost, atLeast, unit = '' }: Aim): string {
  const isMet = atMost === undefined ? value >= (atLeast ?? Infinity) : value <= atMost
  const bound = atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`
  return `${bound}${unit}, ${isMet ? 'met' : '**missed**'}`
}
