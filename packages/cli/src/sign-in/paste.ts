import type { Io } from '../io/io.ts'
import { listenToPastes } from '../io/pasting.ts'
import { countText } from '../io/words.ts'
import { readPasted, type Expected } from './pasted.ts'

/** A terminal that takes a pasted answer while something waits for it. */
export interface Paste {
  /** The first answer that fits; never rejects. */
  readonly answer: Promise<URL>
  /** What is there of a line, for the line that counts down. */
  readonly note: () => string | undefined
  stop(): void
}

/** Takes what is pasted until it fits; what does not is said, and the wait goes on. */
export function pasteFor(expected: Expected, io: Pick<Io, 'talk'>): Paste {
  let settle: (url: URL) => void = () => {}
  let count = 0
  const answer = new Promise<URL>((resolve) => (settle = resolve))
  const stop = listenToPastes({
    line(text) {
      const pasted = readPasted(text, expected)
      if ('url' in pasted) settle(pasted.url)
      else io.talk.marked('warning', pasted.problem)
    },
    length: (now) => (count = now),
    // As the terminal would have sent it, were it not for our taking every key.
    interrupt: () => process.emit('SIGINT'),
  })
  const note = () =>
    count === 0 ? undefined : `${countText(count, 'character')} pasted, hidden: press Enter`
  return { answer, note, stop }
}
