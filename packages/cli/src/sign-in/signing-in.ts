import { Fault } from '@norrix/contract/fault'
import { isAutomated } from '../io/terminal.ts'
import { countdownText } from '../io/words.ts'
import type { Basics } from '../needs/basics.ts'
import type { AuthorizationServerHere, BoundTokens } from './authorize.ts'
import type { Waiting } from './wait.ts'
import type { ChosenWay } from './way.ts'

/** One sign-in on its way. */
export interface SigningIn<T> {
  readonly server: AuthorizationServerHere
  readonly origin: string
  readonly basics: Basics
  readonly chosen: ChosenWay
  /** As typed; undefined takes what is right for the way. */
  readonly timeoutMs: number | undefined
  readonly port: number | undefined
  /** What the tokens are for: nothing counts as signed in before it is done. */
  readonly confirm: (tokens: BoundTokens) => Promise<T>
}

/** Whether somebody sits at a terminal and may be asked; that a key is set says nothing of that. */
export function canPaste({ around, call, io }: Basics): boolean {
  const { stdin, stderr, env } = around
  const isQuiet = io.isJson || call.options['nonInteractive'] === true || isAutomated(env)
  return !isQuiet && stdin.isTTY === true && stderr.isTTY === true
}

/** How a way waits for its person. */
export function waitingOf(
  { basics: { around, io } }: Pick<SigningIn<unknown>, 'basics'>,
  timeoutMs: number,
): Waiting {
  const tooLate = (): Fault =>
    new Fault('sign_in_timeout', {
      message: `Nobody finished the sign-in in the browser within ${countdownText(timeoutMs)}.`,
      fix: 'norrix sign-in again; --timeout 15m waits longer',
    })
  return { timeoutMs, signal: around.signal, io, isTerminal: around.stderr.isTTY === true, tooLate }
}
