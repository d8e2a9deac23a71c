import { AsyncLocalStorage } from 'node:async_hooks'
import { EventQueue, type Planned } from './event-queue.ts'
import type { Fetch, Process } from './process.ts'
import { replaceTimers } from './timers.ts'

/**
 * Virtual time. Whatever a process does with timers, `Date.now` or `fetch` happens here: an event at a moment, one after the other,
 * each followed until nothing more can happen at that moment. So a run depends on its seed alone, and an hour takes milliseconds.
 *
 * A process that is ended hears of nothing any more: its timers are gone and its answers never come, as after kill -9.
 */
export class World {
  /** Milliseconds since 1970. */
  now = Date.UTC(2026, 0, 1)
  readonly #events = new EventQueue()
  readonly #inside = new AsyncLocalStorage<Process>()
  readonly #note: (line: string) => void

  constructor(note: (line: string) => void) {
    this.#note = note
  }

  /** Takes the timers, the clock and the network of this real process until `restore`; what is outside of a `Process` is left alone. */
  takeOver(fetch: Fetch): { restore(): void } {
    return replaceTimers({
      current: () => this.#inside.getStore(),
      now: (process) => this.now + process.clockAheadMs,
      later: (process, ms, run) => this.later(process, ms, run),
      fetch,
    })
  }

  /** A new process, and what it does first. */
  start(name: string, main: (process: Process) => void, clockAheadMs = 0): Process {
    const process: { -readonly [K in keyof Process]: Process[K] } = {
      name,
      isAlive: true,
      asleepUntil: 0,
      clockAheadMs,
      within: (run) => run(),
    }
    // Entered once: a context for each event was a twentieth of all the time.
    process.within = this.#inside.run(process, () => AsyncLocalStorage.snapshot())
    process.within(() => main(process))
    return process
  }

  later(process: Process | undefined, ms: number, run: () => void): Planned {
    return this.#events.add(this.now + Math.max(0, ms), process, run)
  }

  note(text: string): void {
    this.#note(`${this.now} ${text}`)
  }

  /** Lets events happen until `isOver` says so or the moment `until` has come; `after` is called behind each. How many there were. */
  async run(until: number, after: () => void, isOver: () => boolean): Promise<number> {
    let steps = 0
    await quiet()
    for (let next = this.#events.take(until); next; next = this.#events.take(until)) {
      this.now = Math.max(this.now, next.at)
      if (!this.#happens(next)) continue
      await quiet()
      after()
      steps += 1
      if (isOver()) return steps
    }
    this.now = Math.max(this.now, until)
    return steps
  }

  #happens({ process, run }: Planned): boolean {
    if (!process) {
      run()
      return true
    }
    if (!process.isAlive) return false
    if (process.asleepUntil > this.now) {
      this.#events.add(process.asleepUntil, process, run)
      return false
    }
    process.within(run)
    return true
  }
}

// The real one, taken before anything is replaced.
const { setImmediate: realImmediate } = globalThis

/** Resolves when all promises and ticks of this moment are done: nothing here waits for real input or output. */
function quiet(): Promise<void> {
  return new Promise((resolve) => realImmediate(resolve))
}
