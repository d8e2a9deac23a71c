// `npm run simulate -- 1234` plays one seed and prints all that happens; `-- 1..10000` plays many.
import { parseArgs } from 'node:util'
import { prepareGround } from './ground.ts'
import { simulate } from './simulate.ts'
import { simulateMany } from './simulate-many.ts'

const { positionals } = parseArgs({ allowPositionals: true })
const [, first, last] = /^(\d+)(?:\.\.(\d+))?$/.exec(positionals[0] ?? '') ?? []
if (first === undefined) {
  process.stderr.write(
    'Name a seed, as in `npm run simulate -- 1234`, or many, as in `-- 1..10000`.\n',
  )
  process.exit(2)
}
const ground = await prepareGround()
process.exitCode =
  last === undefined ? await one(Number(first)) : await many(Number(first), Number(last))
await ground.remove()

async function one(seed: number): Promise<number> {
  const { trace, hash, steps, violation } = await simulate(ground, seed)
  process.stdout.write(`${trace.join('\n')}\n${steps} events · ${hash}\n`)
  return violation === undefined ? 0 : 1
}

async function many(from: number, to: number): Promise<number> {
  const { summary, violations } = await simulateMany(ground, { first: from, count: to - from + 1 })
  for (const text of violations) process.stdout.write(`${text}\n`)
  process.stdout.write(`${summary}\n`)
  return violations.length === 0 ? 0 : 1
}
