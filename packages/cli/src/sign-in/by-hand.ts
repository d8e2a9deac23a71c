import { pasteFor } from './paste.ts'
import { waitFor } from './wait.ts'
import { waitingOf, type SigningIn } from './signing-in.ts'

const timeoutDefaultMs = 5 * 60_000

/** The browser is anywhere, and a person carries its answer here: our page shows it as one string. */
export async function signInByHand<T>(signingIn: SigningIn<T>): Promise<T> {
  const { server, origin, basics, chosen, confirm } = signingIn
  const { io } = basics
  const state = server.newState()
  const redirectUri = `${origin}/sign-in/code`
  const attempt = await server.begin({ redirectUri, state })
  io.talk.line(`By hand, because ${chosen.because}. Open this in a browser on any machine:`)
  io.talk.line(`  ${attempt.url.href}`)
  io.talk.line('Paste here what the page shows at its end, and press Enter. It stays hidden.')
  const paste = pasteFor({ state, origin, redirectUri }, io)
  try {
    const waiting = waitingOf(signingIn, signingIn.timeoutMs ?? timeoutDefaultMs)
    const answer = await waitFor(paste.answer, { ...waiting, note: paste.note })
    return await confirm(await attempt.exchange(answer))
  } finally {
    paste.stop()
  }
}
