import { setTimeout as sleep } from 'node:timers/promises'

/** Eight clients behind what a load balancer does: while `/readyz` is not 200, nothing new is sent. */
export function startLoad(
  url: string,
  key: string,
): { stop(): Promise<{ answered: number; failed: readonly string[] }> } {
  let isReady = false
  let isStopped = false
  let answered = 0
  const failed: string[] = []
  const watch = async (): Promise<void> => {
    while (!isStopped) {
      isReady = await fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      )
      await sleep(50)
    }
  }
  const ask = async (): Promise<void> => {
    while (!isStopped) {
      if (!isReady) {
        await sleep(20)
        continue
      }
      const headers = { authorization: `Bearer ${key}` }
      await fetch(`${url}/api/whoami`, { headers }).then(
        async (answer) => {
          if (answer.status === 200) answered += 1
          else failed.push(String(answer.status))
          await answer.arrayBuffer()
        },
        (error: unknown) => {
          // Asked again in the next round.
          if (!isClosedInUse(error))
            failed.push(String(error instanceof Error ? error.cause : error))
        },
      )
    }
  }
  const loops = [watch(), ...Array.from({ length: 8 }, ask)]
  return {
    async stop() {
      isStopped = true
      await Promise.all(loops)
      return { answered, failed }
    },
  }
}

/**
 * A kept connection may be closed in the very moment in which it is used again. A client asks once more then, where asking
 * changes nothing (RFC 9110 section 9.2.2).
 */
function isClosedInUse(error: unknown): boolean {
  return error instanceof Error && /ECONNRESET|other side closed/.test(String(error.cause))
}
