import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blobsConformance } from '@norrix/server/kernel/blobs/conformance'
import { MemoryBlobs, MemoryShelf } from './blobs.ts'
import { prepareGround, type Ground } from './ground.ts'
import { simulateMany } from './simulate-many.ts'
import { simulate } from './simulate.ts'

const isLong = process.env['NORRIX_TEST_LONG'] === '1'
const first = Number(process.env['NORRIX_TEST_SEED']) % 1_000_000

let ground: Ground
beforeAll(async () => {
  ground = await prepareGround()
})
afterAll(() => ground.remove())

describe('builds under leases, whatever network, clocks and crashes do', () => {
  const count = isLong ? 10_000 : 60
  test(
    `hold what they promise in ${count} worlds`,
    { timeout: 3_600_000 },
    async ({ annotate }) => {
      const { violations, summary } = await simulateMany(ground, { first, count })
      await annotate(`Simulation from seed ${first}: ${summary}`)
      expect(violations).toEqual([])
    },
  )

  test('the same seed is the same world, to the last event', async () => {
    for (const seed of [first, first + 1, first + 2]) {
      const once = await simulate(ground, seed)
      await simulate(ground, seed + 1000)
      const again = await simulate(ground, seed)
      expect(once.trace.length).toBeGreaterThan(5)
      expect(again.hash).toBe(once.hash)
    }
  })
})

describe('the store in memory', () => {
  test.each(blobsConformance)('$title', async ({ run }) => {
    const shelf = new MemoryShelf()
    await run({
      blobs: new MemoryBlobs(shelf),
      reopen: () => new MemoryBlobs(shelf),
      count: async () => shelf.kept.size,
    })
  })
})
