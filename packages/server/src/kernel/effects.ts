import type { Clock } from './clock.ts'
import type { Log } from './log.ts'
import type { RandomBytes } from './secrets.ts'

/** The world as a feature sees it; a test brings its own. */
export interface Effects {
  readonly now: Clock
  readonly random: RandomBytes
  readonly log: Log
}
