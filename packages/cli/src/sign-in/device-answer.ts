import { Fault } from '@norrix/contract/fault'
import { isLoopback } from '../needs/environment.ts'

/** What a person needs to answer a code, and how long they have. */
export interface DeviceAnswer {
  /** In groups, as it is to be read out. */
  readonly userCode: string
  readonly verificationUrl: URL
  readonly lifeMs: number
  readonly intervalSeconds: number
}

/**
 * Reads the answer of RFC 8628 section 3.2. People type their password where it leads, so it has to be the server's own host,
 * over https unless that is this machine, and without a name before the host that could be taken for it (threat T14).
 *
 * @throws Fault not_norrix
 */
export function readDeviceAnswer(
  answer: {
    readonly user_code: string
    readonly verification_uri: string
    readonly expires_in: number
    readonly interval?: number
  },
  origin: string,
): DeviceAnswer {
  const { user_code: userCode, expires_in: lifeSeconds, interval = 5 } = answer
  const url = URL.parse(answer.verification_uri)
  if (!url || !isTrusted(url, origin)) {
    throw unusable(`${origin} sends people to another place to sign in`)
  }
  if (!/^[A-Z0-9]{2,}(?:[- ][A-Z0-9]{2,}){0,5}$/.test(userCode) || userCode.length > 40) {
    throw unusable(`${origin} gave a code that nobody can type`)
  }
  if (!(lifeSeconds >= 1 && lifeSeconds <= 86_400 && interval >= 0 && interval <= 600)) {
    throw unusable(`${origin} gave a code for no time that makes sense`)
  }
  const intervalSeconds = Math.max(1, interval)
  return { userCode, verificationUrl: url, lifeMs: lifeSeconds * 1000, intervalSeconds }
}

function isTrusted(url: URL, origin: string): boolean {
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))
  return isSafe && url.origin === origin && url.username === '' && url.password === ''
}

function unusable(what: string): Fault {
  return new Fault('not_norrix', {
    message: `${what}. You are not signed in.`,
    fix: 'norrix sign-in again; if it stays, tell whoever runs the server',
  })
}

export function codeRanOut(cause?: unknown): Fault {
  return new Fault('sign_in_timeout', {
    message: 'Nobody entered the code and said yes before it ran out.',
    fix: 'norrix sign-in again, for a new code',
    cause,
  })
}
