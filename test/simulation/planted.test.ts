import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { prepareGround, type Ground } from './ground.ts'
import { plantedBugs } from './planted.ts'
import { simulateMany } from './simulate-many.ts'

const first = Number(process.env['NORRIX_TEST_SEED']) % 1_000_000

let ground: Ground
beforeAll(async () => {
  ground = await prepareGround()
})
afterAll(() => ground.remove())

describe('the simulation finds a bug within a thousand worlds', () => {
  test.for(plantedBugs)('$title', { timeout: 600_000 }, async ({ plant, title }, { annotate }) => {
    const { violations, seeds } = await simulateMany(ground, {
      first,
      count: 1000,
      plant,
      untilFound: true,
    })
    await annotate(`planted: ${title}; found in world ${seeds}: ${violations[0]?.split('\n')[0]}`)
    expect(violations).toHaveLength(1)
  })
})
