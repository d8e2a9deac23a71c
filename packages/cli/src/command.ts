import type { Given, Need } from './needs/given.ts'

/** A command: what it needs, and what it does with it. Its words and flags stand in the table of root.ts. */
export interface Command {
  readonly needs: readonly Need[]
  /** @returns the exit code; nothing means 0 */
  run(given: Given<Need>): Promise<number | void>
}

/** Ties what a command gets to what it says it needs. */
export function command<const N extends Need>(
  needs: readonly N[],
  run: (given: Given<N>) => Promise<number | void>,
): Command {
  // `run` reads no more than `needs`, and a Given of all needs has those.
  return { needs, run: run as Command['run'] }
}
