import type { Inside } from './deps.ts'
import { namedAmong } from './views.ts'

/**
 * Ends the doubt about blobs: removes those that no row names and keeps the others. What the database or the store cannot say
 * now stays in doubt until this server's next start; until then a blob too many costs room and nothing else.
 */
export async function settleBlobs(
  { db, blobs, effects }: Pick<Inside, 'db' | 'blobs' | 'effects'>,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return
  try {
    const named = await namedAmong(db.kysely, keys)
    for (const key of keys) await (named.has(key) ? blobs.keep(key) : blobs.remove(key))
  } catch (cause) {
    effects.log.warn('blobs.in_doubt', { keys, cause })
  }
}
