import { codeRanOut } from './device-answer.ts'
import { pollUntil, type NotYet } from './poll.ts'
import { waitFor } from './wait.ts'
import { waitingOf, type SigningIn } from './signing-in.ts'

/** A person types a code in a browser anywhere, while this polls (RFC 8628). */
export async function signInByCode<T>(signingIn: SigningIn<T>): Promise<T> {
  const { server, basics, chosen, confirm } = signingIn
  const { io, around } = basics
  if (!server.askForCode) throw new Error('Chosen for a server that takes no codes.')
  const began = Date.now()
  const code = await server.askForCode()
  const others = chosen.isAsked ? '' : ' Other ways: --browser, --no-browser.'
  io.talk.line(`By a code, because ${chosen.because}.${others}`)
  io.talk.line('Open this in a browser on any machine, and enter the code there:')
  io.talk.line(`  ${code.verificationUrl.href}`)
  io.talk.line(`  ${code.userCode}`)
  // It lives from when the server made it, which was before it came.
  const lifeMs = code.lifeMs - (Date.now() - began)
  const isShorter = signingIn.timeoutMs !== undefined && signingIn.timeoutMs < lifeMs
  const waiting = waitingOf(signingIn, isShorter ? (signingIn.timeoutMs ?? lifeMs) : lifeMs)
  let latest: NotYet = 'pending'
  const over = new AbortController()
  try {
    const polling = pollUntil(() => code.poll(), {
      intervalSeconds: code.intervalSeconds,
      signal: AbortSignal.any([around.signal, over.signal]),
      news: (notYet) => (latest = notYet),
    })
    const tokens = await waitFor(polling, {
      ...waiting,
      note: () =>
        latest === 'unreachable' ? 'the server cannot be reached; trying on' : undefined,
      ...(isShorter ? {} : { tooLate: codeRanOut }),
    })
    return await confirm(tokens)
  } finally {
    over.abort()
  }
}
