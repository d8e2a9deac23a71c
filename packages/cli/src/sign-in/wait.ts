import { Fault } from '@norrix/contract/fault'
import type { Io } from '../io/io.ts'
import { countdownText } from '../io/words.ts'
import type { Arrival, CallbackListener } from './callback.ts'

/**
 * Waits for the browser, with the time that is left in sight.
 *
 * @throws Fault sign_in_timeout, and the reason of `signal`
 */
export async function waitForBrowser(
  listener: CallbackListener,
  options: {
    readonly timeoutMs: number
    readonly signal: AbortSignal
    readonly io: Io
    readonly isTerminal: boolean
  },
): Promise<Arrival> {
  const { timeoutMs, signal, io } = options
  const until = Date.now() + timeoutMs
  const show = () =>
    io.progress(`Waiting, ${countdownText(until - Date.now())} left · stop: Ctrl-C`)
  if (options.isTerminal) show()
  else io.talk.line(`Waiting, ${countdownText(timeoutMs)} left`)
  const ticking = setInterval(show, 1000)
  let timer: NodeJS.Timeout | undefined
  let stop: () => void = () => {}
  try {
    return await Promise.race([
      listener.arrival,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(tooLate(timeoutMs)), timeoutMs)
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

function tooLate(timeoutMs: number): Fault {
  return new Fault('sign_in_timeout', {
    message: `Nobody finished the sign-in in the browser within ${countdownText(timeoutMs)}.`,
    fix: 'norrix sign-in again; --timeout 15m waits longer',
  })
}
