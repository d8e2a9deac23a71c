import type { Process } from './process.ts'

/** Something that is going to happen. */
export interface Planned {
  readonly at: number
  readonly order: number
  /** Undefined: it happens to nobody in particular. */
  readonly process: Process | undefined
  readonly run: () => void
  isCancelled: boolean
}

/** What is going to happen, soonest first; of two at one moment the one that was planned first. A binary heap. */
export class EventQueue {
  readonly #heap: Planned[] = []
  #order = 0

  add(at: number, process: Process | undefined, run: () => void): Planned {
    const planned = { at, order: this.#order++, process, run, isCancelled: false }
    this.#heap.push(planned)
    this.#rise(this.#heap.length - 1)
    return planned
  }

  /** Takes the next event out; undefined when none comes until then. */
  take(until: number): Planned | undefined {
    for (let first = this.#heap[0]; first && first.at <= until; first = this.#heap[0]) {
      const last = this.#heap.pop()
      if (last && last !== first) {
        this.#heap[0] = last
        this.#sink(0)
      }
      if (!first.isCancelled) return first
    }
    return undefined
  }

  #rise(at: number): void {
    for (let child = at; child > 0;) {
      const parent = (child - 1) >> 1
      if (!this.#isBefore(child, parent)) return
      this.#swap(child, parent)
      child = parent
    }
  }

  #sink(at: number): void {
    for (let parent = at; ;) {
      const left = 2 * parent + 1
      const right = left + 1
      let soonest = parent
      if (this.#isBefore(left, soonest)) soonest = left
      if (this.#isBefore(right, soonest)) soonest = right
      if (soonest === parent) return
      this.#swap(parent, soonest)
      parent = soonest
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]]
    if (!a || !b) return false
    return a.at === b.at ? a.order < b.order : a.at < b.at
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#heap[one], this.#heap[other]]
    if (!a || !b) return
    this.#heap[one] = b
    this.#heap[other] = a
  }
}
