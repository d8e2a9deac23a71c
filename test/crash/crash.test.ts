import { describe, expect, test } from 'vitest'
import { chanceFrom } from '../simulation/chance.ts'
import { flows } from './flows.ts'
import { killAtEach, type Moment } from './kills.ts'

const isLong = process.env['NORRIX_TEST_LONG'] === '1'
const chance = chanceFrom(Number(process.env['NORRIX_TEST_SEED']))
/** How often each flow's victim is killed at no particular step. */
const atRandom = 20

/** All steps and random times in a long run; in a short one two steps of one flow, others for each seed. */
const chosen = isLong ? flows : [chance.pick(flows as [(typeof flows)[0], ...typeof flows])] // as: there are some

describe('kill -9 loses nothing that was acknowledged', () => {
  const timeout = isLong ? 3_600_000 : 180_000
  test.for(chosen)('$victim: $title', { timeout }, async (flow, { annotate }) => {
    const kills = await killAtEach(flow, (steps, ms): Moment[] => {
      const all = Array.from({ length: steps }, (_, n) => ({ step: n + 1 }))
      if (!isLong) return [1, 2].map(() => ({ step: chance.between(1, steps) }))
      return [...all, ...Array.from({ length: atRandom }, () => ({ ms: chance.between(0, ms) }))]
    })
    const { steps, tries, deaths, builds } = kills
    const counts = `${steps.length} steps, ${tries} tries, ${deaths} deaths`
    await annotate(`${kills.flow}: ${counts}, builds ${JSON.stringify(builds)}`)
    expect(kills.problems).toEqual([])
    expect(steps.length).toBeGreaterThan(0)
    // A run may have a step less than the one that was counted: what a log says goes in one piece or in two. And a short command
    // may be over before its time is.
    expect(deaths).toBeGreaterThanOrEqual(isLong ? steps.length - 4 : 1)
  })
})
