import { stripVTControlCharacters } from 'node:util'

/** More than any answer is long. */
const lengthMax = 16_384

/**
 * Takes in what is pasted at the terminal, without showing it: it may be a secret. The terminal hands over every key at
 * once, for its own lines end at 1,024 characters on macOS and 4,096 on Linux; so Ctrl-C is a key here.
 *
 * @param on.line called with each line that Enter ends
 * @param on.length called with how much of a line is there
 * @returns ends it and gives the terminal back
 */
export function listenToPastes(on: {
  line(text: string): void
  length(count: number): void
  interrupt(): void
}): () => void {
  const { stdin } = process
  let text = ''
  const press = (key: string): void => {
    if (key === '\u0003') on.interrupt()
    else if (key === '\u007f' || key === '\b') text = text.slice(0, -1)
    else if (key === '\u0015') text = ''
    else if (key === '\r' || key === '\n') {
      const line = text
      text = ''
      if (line !== '') on.line(line)
    } else if (key >= ' ' && text.length < lengthMax) text += key
  }
  const take = (chunk: string): void => {
    for (const key of stripVTControlCharacters(chunk)) press(key)
    on.length(text.length)
  }
  stdin.setRawMode(true)
  stdin.setEncoding('utf8').on('data', take).resume()
  return () => {
    stdin.off('data', take).pause()
    stdin.setRawMode(false)
  }
}
