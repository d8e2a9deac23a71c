import { newId } from '@norrix/contract/id'
import type { RandomBytes } from '../kernel/secrets.ts'

/** What is asked of the system at once. By ten bytes, asking was a twentieth of a small request's processor time. */
const drawnBytes = 4096

/** Gives each request an id of its own. Ids are no secrets, so that random bytes may lie in memory until they are used. */
export function requestIds(random: RandomBytes): () => string {
  let drawn = random(drawnBytes)
  let used = 0
  const take = (count: number): Uint8Array => {
    if (used + count > drawn.length) {
      drawn = random(drawnBytes)
      used = 0
    }
    used += count
    return drawn.subarray(used - count, used)
  }
  return () => newId('request', take)
}
