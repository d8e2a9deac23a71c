import type { Effects } from '../effects.ts'
import type { Queue } from './queue.ts'
import { sqlQueue } from './sql.ts'

/** The queue on SQLite: one writer at a time, so that an update with a select inside is atomic as it stands. */
export function sqliteQueue({ now }: Pick<Effects, 'now'>): Queue {
  return sqlQueue(now, (next) => next)
}
