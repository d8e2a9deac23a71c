import type { Ground } from './ground.ts'
import type { Plant } from './server.ts'
import { simulate } from './simulate.ts'

export interface Many {
  /** For people: seeds, events, how builds ended, how long it took. */
  readonly summary: string
  /** A sentence for each seed in which something was that must not be, with the command that plays it again. */
  readonly violations: readonly string[]
  readonly seeds: number
  readonly events: number
}

export interface ManyOptions {
  readonly first: number
  readonly count: number
  readonly plant?: Plant
  /** Ends at the first violation. */
  readonly untilFound?: true
}

/** Plays one seed after the other. */
export async function simulateMany(ground: Ground, options: ManyOptions): Promise<Many> {
  const { first, count, plant, untilFound } = options
  const violations: string[] = []
  const outcomes = new Map<string, number>()
  let [events, seeds] = [0, 0]
  const begin = performance.now()
  for (let seed = first; seed < first + count; seed += 1) {
    const run = await simulate(ground, seed, plant)
    events += run.steps
    seeds += 1
    for (const state of run.outcomes) outcomes.set(state, (outcomes.get(state) ?? 0) + 1)
    if (run.violation === undefined) continue
    violations.push(`seed ${seed}: ${run.violation}\n  again: npm run simulate -- ${seed}`)
    if (untilFound) break
  }
  const ended = [...outcomes].map(([state, n]) => `${n} ${state}`).toSorted()
  const seconds = ((performance.now() - begin) / 1000).toFixed(1)
  const summary = `${seeds} seeds, ${events} events, builds: ${ended.join(', ')}; ${violations.length} violations; ${seconds} s`
  return { summary, violations, seeds, events }
}
