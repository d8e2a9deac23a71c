/**
 * Wakes those in this process who wait for a change of something, named by a topic. It carries nothing: whoever is woken
 * looks for itself. Another process rings no bell here, so whoever waits also looks again after a time of its own.
 */
export interface Bell {
  ring(topic: string): void
  /**
   * Resolves at the next ring, after `ms`, or when the signal aborts; it never rejects. Begin to wait before looking, so
   * that a ring between the look and the wait is heard.
   */
  wait(topic: string, ms: number, signal: AbortSignal): Promise<void>
}

export function createBell(): Bell {
  const waiting = new Map<string, Set<() => void>>()
  return {
    ring(topic) {
      for (const wake of waiting.get(topic) ?? []) wake()
    },
    wait(topic, ms, signal) {
      if (signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        const wakes = waiting.get(topic) ?? new Set()
        const wake = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', wake)
          wakes.delete(wake)
          if (wakes.size === 0 && waiting.get(topic) === wakes) waiting.delete(topic)
          resolve()
        }
        const timer = setTimeout(wake, ms)
        signal.addEventListener('abort', wake, { once: true })
        waiting.set(topic, wakes.add(wake))
      })
    },
  }
}
