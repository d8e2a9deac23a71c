import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { Fault, faultTable } from '@norrix/contract/fault'
import { hostServers } from './host.ts'
import { createLog } from './kernel/log.ts'

/** The process: reads the configuration, serves until it is told to stop. */
const root = fileURLToPath(new URL('../../..', import.meta.url))
const log = createLog((line) => process.stdout.write(line))

try {
  const hosting = await hostServers({
    env: process.env,
    folder: process.cwd(),
    root,
    effects: { now: Date.now, random: randomBytes, log },
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void hosting.stop().then(() => process.exit(0)))
  }
} catch (error) {
  if (!(error instanceof Fault)) throw error
  process.stderr.write(
    `✗ ${error.message}\n${error.fix ? `  fix   ${error.fix}\n` : ''}  ${error.code}\n`,
  )
  process.exit(faultTable[error.code].exit)
}
