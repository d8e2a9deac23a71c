import { listenForCallback, type Arrival } from './callback.ts'
import { openBrowser } from './open-browser.ts'
import { pasteFor, type Paste } from './paste.ts'
import { waitFor } from './wait.ts'
import { canPaste, waitingOf, type SigningIn } from './signing-in.ts'

const timeoutDefaultMs = 5 * 60_000

/**
 * The browser of this machine comes back to a listener of ours (RFC 8252 section 7.3). Somebody whose browser is elsewhere
 * can paste the address where it ended.
 */
export async function signInByBrowser<T>(signingIn: SigningIn<T>): Promise<T> {
  const { server, basics, port } = signingIn
  const { around, io } = basics
  const state = server.newState()
  const listener = await listenForCallback({ state, ...(port !== undefined && { port }) })
  let paste: Paste | undefined
  try {
    const attempt = await server.begin({ redirectUri: listener.redirectUri, state })
    const isOpened = around.env['BROWSER']?.trim() !== 'none'
    io.talk.line(
      isOpened
        ? 'Your browser should open. If it does not, visit:'
        : 'Open this in a browser on this machine:',
    )
    io.talk.line(`  ${attempt.url.href}`)
    if (isOpened) void openBrowser(attempt.url, around)
    if (canPaste(basics)) {
      io.talk.line('A browser elsewhere? Paste the address where it ends, and press Enter.')
      paste = pasteFor({ state, origin: signingIn.origin, redirectUri: listener.redirectUri }, io)
    }
    const waiting = waitingOf(signingIn, signingIn.timeoutMs ?? timeoutDefaultMs)
    const first = Promise.race([listener.arrival, ...(paste ? [byPaste(paste)] : [])])
    const arrival = await waitFor(first, { ...waiting, ...(paste && { note: paste.note }) })
    return await finish(signingIn, arrival, attempt)
  } finally {
    paste?.stop()
    await listener.close()
  }
}

async function byPaste(paste: Paste): Promise<Arrival> {
  // The browser that carries it is out of reach.
  return { url: await paste.answer, answer: async () => {} }
}

async function finish<T>(
  { origin, confirm }: SigningIn<T>,
  arrival: Arrival,
  attempt: { exchange(answer: URL): Promise<Parameters<typeof confirm>[0]> },
): Promise<T> {
  try {
    const done = await confirm(await attempt.exchange(arrival.url))
    await arrival.answer({ redirect: `${origin}/signed-in` })
    return done
  } catch (error) {
    await arrival.answer({
      text: 'You are not signed in. The terminal says why; you can close this page.\n',
    })
    throw error
  }
}
