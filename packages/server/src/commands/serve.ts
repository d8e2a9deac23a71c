import { randomBytes } from 'node:crypto'
import { hostServers } from '../host.ts'
import { createLog, inTurns } from '../kernel/log.ts'
import type { Call } from './command.ts'
import { sourcesOf } from './environment.ts'

/** Serves every environment of the configuration until it is told to stop. */
export async function serve(call: Call): Promise<number> {
  const { around, root } = call
  const log = createLog(inTurns((lines) => around.stdout.write(lines)))
  // Listened to from here on: who is told to stop while it starts stops in order as well.
  const asked = stopSignal()
  const hosting = await hostServers({
    ...sourcesOf(call),
    root,
    effects: { now: Date.now, random: randomBytes, log },
  })
  await asked
  await hosting.stop()
  return 0
}

/** The first SIGTERM or Ctrl-C asks to stop; the next one does not wait for that. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(130)
        asked = true
        resolve()
      })
    }
  })
}
