import type { Effects } from '../../../kernel/effects.ts'
import type { Secrets } from '../../../kernel/secrets.ts'
import { keepServerKeys, keysStamp, type ServerKeys } from './keys.ts'

/** How often a request looks whether an operator has rotated the keys. */
const lookEveryMs = 2000

/**
 * Makes something anew whenever its keys are others: the library takes its keys once. It keeps nothing else in memory, so that
 * what was begun under the last one goes on under the next.
 *
 * @throws Fault data_unusable when the keys cannot be read at the start
 */
export async function withFreshKeys<T>(
  { secrets, effects }: { readonly secrets: Secrets; readonly effects: Effects },
  make: (keys: ServerKeys) => T,
): Promise<() => Promise<T>> {
  const read = async () => {
    // Stamped before it is read: what changes between the two is read again.
    const stamp = await keysStamp(secrets)
    const keys = await keepServerKeys(secrets, effects.now())
    return { made: make(keys), changesAt: keys.changesAt, stamp }
  }
  await keepServerKeys(secrets, effects.now())
  let current = await read()
  let nextLook = effects.now() + lookEveryMs
  return async () => {
    const now = effects.now()
    if (now < nextLook && now < current.changesAt) return current.made
    nextLook = now + lookEveryMs
    try {
      const isSame = now < current.changesAt && (await keysStamp(secrets)) === current.stamp
      if (!isSame) current = await read()
    } catch (cause) {
      // Half a rotation, or a file that somebody broke: the keys of before still sign.
      effects.log.error('identity.keys_unreadable', { cause })
    }
    return current.made
  }
}
