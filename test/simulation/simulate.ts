import { createHash } from 'node:crypto'
import { chanceFrom } from './chance.ts'
import type { Ground } from './ground.ts'
import { Violation } from './invariants.ts'
import { planFrom } from './plan.ts'
import { Scene } from './scene.ts'
import type { Plant } from './server.ts'

export interface Simulated {
  readonly seed: number
  /** What must not be; undefined when all held. */
  readonly violation: string | undefined
  /** Of all that happened, in order. */
  readonly hash: string
  readonly trace: readonly string[]
  /** Events that happened. */
  readonly steps: number
  /** Answers that were heard, by status. */
  readonly statuses: ReadonlyMap<number, number>
  /** How the builds ended. */
  readonly outcomes: readonly string[]
}

/** Everything has to have ended so long after the last trouble: three attempts, each until its lease runs out, with room. */
const endWithinMs = 600_000

/** One run of the world from one seed. */
export async function simulate(
  ground: Ground,
  seed: number,
  plant: Plant = (deps) => deps,
): Promise<Simulated> {
  const chance = chanceFrom(seed)
  const plan = planFrom(chance)
  const trace: string[] = []
  await ground.clear()
  const scene = new Scene(ground, { plan, chance, plant, note: (line) => trace.push(line) })
  let violation: string | undefined
  let steps = 0
  try {
    steps = await scene.play(endWithinMs)
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    violation = error.message
    trace.push(`VIOLATION ${violation}`)
  } finally {
    scene.close()
  }
  const hash = createHash('sha256').update(trace.join('\n')).digest('hex')
  const { statuses } = scene.ledger
  return { seed, violation, hash, trace, steps, statuses, outcomes: scene.outcomes }
}
