import { isObject } from '../home/json-file.ts'
import { carriesState } from './callback.ts'

/** What the attempt is that the pasted text has to answer. */
export interface Expected {
  readonly state: string
  /** The server's: it is the issuer. */
  readonly origin: string
  /** Where the browser was told to come back to. */
  readonly redirectUri: string
}

export type Pasted =
  | { readonly url: URL }
  /** One sentence on why it is not the answer. */
  | { readonly problem: string }

/**
 * Reads what a person has carried to the terminal: the string that our page shows, or the whole address where their browser
 * ended. State and issuer are compared before anything is sent anywhere (threats T1, T6).
 */
export function readPasted(text: string, expected: Expected): Pasted {
  const [, answer] = /norrix-sign-in\.([\w-]+)/.exec(text) ?? []
  if (answer !== undefined) return readAnswer(answer, expected)
  const [address] = /https?:\/\/[^\s"<>]+/.exec(text) ?? []
  const url = address === undefined ? null : URL.parse(address)
  if (!url) return { problem: 'That is no answer of a sign-in: paste the whole text.' }
  if (url.origin + url.pathname !== expected.redirectUri)
    return { problem: 'That address is not the one where this sign-in ends.' }
  return carriesState(url, expected.state) ? { url } : { problem: otherSignIn }
}

const otherSignIn = 'That answers another sign-in; this one still waits for its own.'

function readAnswer(text: string, { state, origin, redirectUri }: Expected): Pasted {
  const parts = decoded(text)
  if (!parts) return { problem: 'That is not all of the text: copy it again.' }
  if (parts.iss !== origin) return { problem: `That comes from ${parts.iss}, not from ${origin}.` }
  const url = new URL(redirectUri)
  url.search = new URLSearchParams(parts).toString()
  return carriesState(url, state) ? { url } : { problem: otherSignIn }
}

function decoded(text: string): { code: string; state: string; iss: string } | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (!isObject(value)) return undefined
    const { code, state, iss } = value
    const areTexts =
      typeof code === 'string' && typeof state === 'string' && typeof iss === 'string'
    return areTexts ? { code, state, iss } : undefined
  } catch {
    // Half of it.
    return undefined
  }
}
