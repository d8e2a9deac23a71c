import type { Fault } from '@norrix/contract/fault'
import type { Io } from '../io/io.ts'
import { countdownText } from '../io/words.ts'

export interface Waiting {
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly io: Io
  readonly isTerminal: boolean
  /** Stands behind the time that is left; asked each second. */
  readonly note?: () => string | undefined
  /** What has come to nothing when the time is over. */
  readonly tooLate: () => Fault
}

/**
 * Waits for a person, with the time that is left in sight.
 *
 * @throws Fault `tooLate`, and the reason of `signal`
 */
export async function waitFor<T>(arrival: Promise<T>, waiting: Waiting): Promise<T> {
  const { timeoutMs, signal, io, note } = waiting
  const until = Date.now() + timeoutMs
  const show = () =>
    io.progress(
      `Waiting, ${countdownText(until - Date.now())} left · ${note?.() ?? 'stop: Ctrl-C'}`,
    )
  if (waiting.isTerminal) show()
  else io.talk.line(`Waiting, ${countdownText(timeoutMs)} left`)
  const ticking = setInterval(show, 1000)
  let timer: NodeJS.Timeout | undefined
  let stop: () => void = () => {}
  try {
    return await Promise.race([
      arrival,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(waiting.tooLate()), timeoutMs)
        stop = () => reject(signal.reason)
        signal.addEventListener('abort', stop, { once: true })
        if (signal.aborted) stop()
      }),
    ])
  } finally {
    clearInterval(ticking)
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    io.progress('')
  }
}
