import { Fault } from '@norrix/contract/fault'
import { signInByBrowser } from './by-browser.ts'
import { signInByCode } from './by-code.ts'
import { signInByHand } from './by-hand.ts'
import { canPaste, type SigningIn } from './signing-in.ts'
import type { Way } from './way.ts'

/** @throws Fault sign_in_denied, sign_in_timeout, network, not_norrix, port_taken, unknown_operation */
export function signInBy<T>(signingIn: SigningIn<T>): Promise<T> {
  const { server, origin, basics, chosen } = signingIn
  if (chosen.way !== 'code' || server.askForCode) return ways[chosen.way](signingIn)
  if (chosen.isAsked || !canPaste(basics)) throw noCodes(origin)
  const because = `${chosen.because}, and the server takes no codes`
  return signInByHand({ ...signingIn, chosen: { ...chosen, way: 'hand', because } })
}

const ways: Readonly<Record<Way, <T>(signingIn: SigningIn<T>) => Promise<T>>> = {
  browser: signInByBrowser,
  code: signInByCode,
  hand: signInByHand,
}

function noCodes(origin: string): Fault {
  return new Fault('unknown_operation', {
    message: `${origin} does not sign in by codes: it is older, or its operator has switched that off.`,
    fix: 'on a terminal: norrix sign-in --no-browser',
  })
}
