/** All that is left to chance in one run, from one seed: the same calls in the same order give the same answers. */
export interface Chance {
  /** From 0 up to, and without, 1. */
  fraction(): number
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number
  /** True with this probability. */
  happens(probability: number): boolean
  pick<T>(choices: readonly [T, ...T[]]): T
  bytes(count: number): Uint8Array
}

/** @param seed any whole number; the generator is mulberry32, 32 bits of state */
export function chanceFrom(seed: number): Chance {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0
  const word = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const fraction = (): number => word() / 2 ** 32
  const between = (least: number, most: number): number =>
    least + Math.floor(fraction() * (most - least + 1))
  return {
    fraction,
    between,
    happens: (probability) => fraction() < probability,
    pick: (choices) => choices[between(0, choices.length - 1)] ?? choices[0],
    bytes(count) {
      const bytes = new Uint8Array(count)
      for (let at = 0; at < count; at += 1) bytes[at] = word() & 255
      return bytes
    },
  }
}
