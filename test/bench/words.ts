import { parseArgs } from 'node:util'

/** Every table of docs/benchmarks.md, in its order there. */
export const tableNames = ['cli', 'package', 'requests', 'start', 'queue'] as const

export type TableName = (typeof tableNames)[number]

export interface BenchWords {
  readonly tables: readonly TableName[]
  /** Small counts, to see that it runs: the figures are worth little. */
  readonly isQuick: boolean
  /** Into docs/benchmarks.md instead of on the screen. */
  readonly isWritten: boolean
}

/** The words cannot be followed. The message says what to type. */
export class WrongWords extends Error {
  override readonly name = 'WrongWords'
}

/**
 * Reads what is typed after `npm run bench --`.
 *
 * @throws WrongWords
 */
export function readBenchWords(words: readonly string[]): BenchWords {
  const { only, quick, write } = parsed(words)
  const tables = only.length === 0 ? tableNames : tableNames.filter((name) => only.includes(name))
  const stranger = only.find((name) => !tables.some((table) => table === name))
  if (stranger !== undefined) {
    throw new WrongWords(
      `There is no table called "${stranger}". Fix: one of ${tableNames.join(', ')}`,
    )
  }
  if (quick && write) {
    throw new WrongWords(
      'Quick figures are too rough to be written down. Fix: leave out --quick or --write',
    )
  }
  return { tables, isQuick: quick, isWritten: write }
}

function parsed(words: readonly string[]): { only: string[]; quick: boolean; write: boolean } {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        only: { type: 'string', multiple: true, default: [] },
        quick: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
      },
    })
    return values
  } catch {
    throw new WrongWords(
      'These words are not known. Fix: npm run bench -- [--quick | --write] [--only <table>]…',
    )
  }
}
