import { syncBuiltinESMExports } from 'node:module'
import timersPromises from 'node:timers/promises'
import type { Planned } from './event-queue.ts'
import type { Fetch, Process } from './process.ts'

/** What stands behind the timers while they are replaced. */
export interface VirtualTime {
  /** The process that runs now; undefined for what is not of the world, such as the test runner. */
  current(): Process | undefined
  now(process: Process): number
  later(process: Process, ms: number, run: () => void): Planned
  readonly fetch: Fetch
}

/**
 * Replaces `setTimeout`, `setInterval`, `Date.now`, the timers of `node:timers/promises` and `fetch` for whatever runs inside of a
 * process. From outside, so that no line of the product has to know: a timer that somebody adds tomorrow is on virtual time too.
 */
export function replaceTimers(time: VirtualTime): { restore(): void } {
  const real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
    fetch: globalThis.fetch,
  }
  const realNow = Date.now
  const realSleep = timersPromises.setTimeout
  const set = (process: Process, run: () => void, ms: number, again: boolean): VirtualTimer => {
    const timer = new VirtualTimer()
    const plan = (): Planned =>
      time.later(process, ms, () => {
        if (again) timer.planned = plan()
        run()
      })
    timer.planned = plan()
    return timer
  }
  const setter =
    (usual: typeof real.setTimeout | typeof real.setInterval, again: boolean) =>
    (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
      const process = time.current()
      return process ? set(process, () => run(...args), ms, again) : usual(run, ms, ...args)
    }
  const clearer = (usual: (timer?: NodeJS.Timeout) => void) => (timer?: unknown) => {
    if (timer instanceof VirtualTimer) timer.cancel()
    else usual(timer as NodeJS.Timeout | undefined) // whatever else a caller holds came from the real one
  }
  const sleep = (ms = 0, value?: unknown, options: { signal?: AbortSignal } = {}) => {
    const process = time.current()
    if (!process) return realSleep(ms, value, options)
    return virtualSleep(set, process, ms, value, options.signal)
  }
  Object.assign(globalThis, {
    setTimeout: setter(real.setTimeout, false),
    clearTimeout: clearer(real.clearTimeout),
    setInterval: setter(real.setInterval, true),
    clearInterval: clearer(real.clearInterval),
    // Our client names addresses as texts.
    fetch: (address: string, init: RequestInit = {}) => {
      const process = time.current()
      return process ? time.fetch(process, address, init) : real.fetch(address, init)
    },
  })
  const setSleep = (to: unknown): void => {
    Object.assign(timersPromises, { setTimeout: to })
    // Named imports of a built-in module follow its object only when told to.
    syncBuiltinESMExports()
  }
  Date.now = () => {
    const process = time.current()
    return process ? time.now(process) : realNow()
  }
  setSleep(sleep)
  return {
    restore() {
      Object.assign(globalThis, real)
      Date.now = realNow
      setSleep(realSleep)
    },
  }
}

type Setter = (process: Process, run: () => void, ms: number, again: boolean) => VirtualTimer

/** As `setTimeout` of `node:timers/promises`: rejects when the signal aborts. */
function virtualSleep(
  set: Setter,
  process: Process,
  ms: number,
  value: unknown,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      timer.cancel()
      reject(new DOMException('The operation was aborted', 'AbortError'))
    }
    const timer = set(
      process,
      () => {
        signal?.removeEventListener('abort', stop)
        resolve(value)
      },
      ms,
      false,
    )
    if (signal?.aborted) stop()
    else signal?.addEventListener('abort', stop, { once: true })
  })
}

/** What `setTimeout` gives back. */
class VirtualTimer {
  planned: Planned | undefined

  cancel(): void {
    if (this.planned) this.planned.isCancelled = true
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}
