import type { Log } from '../../kernel/log.ts'

export interface KeyUse {
  readonly at: number
  readonly address: string
  readonly agent: string
}

/** When each key was last used, gathered off the request's path and written together. */
export interface KeyUses {
  note(keyId: string, use: KeyUse): void
  /** Writes what was gathered. */
  flush(): Promise<void>
  /** Flushes for the last time. */
  stop(): Promise<void>
}

/** Short enough for a dialog that waits for a key's first use; one write a second at most for a busy key. */
const flushEveryMs = 1000

export function gatherKeyUses(
  write: (uses: ReadonlyMap<string, KeyUse>) => Promise<void>,
  log: Log,
): KeyUses {
  let gathered = new Map<string, KeyUse>()
  const flush = async (): Promise<void> => {
    if (gathered.size === 0) return
    const batch = gathered
    gathered = new Map()
    await write(batch).catch((cause: unknown) => log.warn('key_uses.lost', { cause }))
  }
  const timer = setInterval(() => void flush(), flushEveryMs).unref()
  return {
    note: (keyId, use) => void gathered.set(keyId, use),
    flush,
    stop: async () => {
      clearInterval(timer)
      await flush()
    },
  }
}
