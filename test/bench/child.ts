import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Starts another file of this folder in a process of its own, to speak to by messages. It ends when this process does. */
export function forkBeside(name: string, args: readonly string[] = []): ChildProcess {
  return fork(fileURLToPath(new URL(name, import.meta.url)), args)
}

/** Sends a message and gives the next one that comes back. @throws Error when the process ends instead */
export async function ask(child: ChildProcess, message: object): Promise<unknown> {
  const stop = new AbortController()
  const { signal } = stop
  child.send(message)
  try {
    const answer = once(child, 'message', { signal }).then(([first]: unknown[]) => first)
    const end = once(child, 'exit', { signal }).then(([code]) => {
      throw new Error(`The process ${child.spawnfile} ended with exit code ${String(code)}.`)
    })
    return await Promise.race([answer, end])
  } finally {
    stop.abort()
  }
}
