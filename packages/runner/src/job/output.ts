import { StringDecoder } from 'node:string_decoder'
import { limitText } from '@norrix/contract/size.policy'

export interface OutputOptions {
  /** Gets pieces of whole characters, in order, one at a time; the next waits until the last is taken. */
  readonly sink: (text: string) => Promise<void>
  /** Words to replace by ***; a word of several lines counts line by line, lines under four characters do not. */
  readonly mask: readonly string[]
  /** Bytes of UTF-8 after which the log is cut. */
  readonly logBytes: number
}

/** A line that grows beyond this is passed on in pieces. */
const lineLengthMax = 16_384
/** How long an unfinished line (a prompt, a progress bar) is held back. */
const idleMilliseconds = 500

/** The log of a command on its way from a pipe to a sink. Not for two pipes at once. */
export class Output {
  readonly #options: OutputOptions
  readonly #words: readonly string[]
  readonly #decoder = new StringDecoder('utf8')
  #held = ''
  #passed = 0
  #isCut = false
  #queue: Promise<void> = Promise.resolve()
  #idle: NodeJS.Timeout | undefined

  constructor(options: OutputOptions) {
    this.#options = options
    this.#words = maskedWords(options.mask)
  }

  /** Takes bytes in; resolves when the sink is ready for more. Rejects with what the sink threw. */
  async write(bytes: Buffer): Promise<void> {
    clearTimeout(this.#idle)
    if (this.#isCut) return
    this.#held += this.#decoder.write(bytes)
    this.#pass(
      this.#held.length > lineLengthMax ? this.#safeLength() : this.#held.lastIndexOf('\n') + 1,
    )
    if (this.#held !== '')
      this.#idle = setTimeout(() => this.#pass(this.#safeLength()), idleMilliseconds)
    await this.#queue
  }

  /** Passes on what is left. */
  async end(): Promise<void> {
    clearTimeout(this.#idle)
    this.#held += this.#decoder.end()
    this.#pass(this.#held.length)
    await this.#queue
  }

  /** How much of an unfinished line may go: not its end, which may be the first part of a masked word. */
  #safeLength(): number {
    const longest = Math.max(1, ...this.#words.map((word) => word.length))
    const length = Math.max(0, this.#held.length - longest + 1)
    const crossed = this.#words.some((word) => straddles(this.#held, word, length))
    const line = this.#held.lastIndexOf('\n') + 1
    return crossed ? line : Math.max(length, line)
  }

  #pass(length: number): void {
    if (length <= 0 || this.#isCut) return
    const text = this.#limit(this.#hide(this.#held.slice(0, length)))
    this.#held = this.#isCut ? '' : this.#held.slice(length)
    this.#queue = this.#queue.then(() => this.#options.sink(text))
    // The error is told by the next write or by end; until then it must not count as unhandled.
    this.#queue.catch(() => {})
  }

  #hide(text: string): string {
    return this.#words.reduce((rest, word) => rest.replaceAll(word, '***'), text)
  }

  #limit(text: string): string {
    const room = this.#options.logBytes - this.#passed
    const bytes = Buffer.from(text)
    this.#passed += bytes.length
    if (bytes.length <= room) return text
    this.#isCut = true
    // The decoder leaves out a character that the cut would split.
    const start = new StringDecoder('utf8').write(bytes.subarray(0, Math.max(0, room)))
    return `${start}\n[norrix] The log is cut here: it reached ${limitText(this.#options.logBytes)}. The command goes on.\n`
  }
}

function maskedWords(mask: readonly string[]): readonly string[] {
  const lines = mask.flatMap((word) => word.split(/\r?\n/)).filter((line) => line.length >= 4)
  return [...new Set(lines)].toSorted((a, b) => b.length - a.length)
}

/** Whether `word` stands in `text` across the place `at`. */
function straddles(text: string, word: string, at: number): boolean {
  const from = Math.max(0, at - word.length + 1)
  const found = text.indexOf(word, from)
  return found !== -1 && found < at && found + word.length > at
}
