import type { Answer, Ask } from '@norrix/contract/client'
import { Fault } from '@norrix/contract/fault'
import { withLock } from '../home/lock.ts'
import type { SessionRecord, SessionStore } from '../home/sessions.ts'
import { isObject } from '../home/json-file.ts'
import { ask } from './http.ts'
import { clientId } from '../sign-in/client-id.ts'

/** Renewed this long before its end, so that it does not end under way. */
const marginMs = 30_000

export function isAccessOver(record: SessionRecord, now: Date): boolean {
  return new Date(record.accessExpiresAt).getTime() - marginMs <= now.getTime()
}

export interface RefreshOptions {
  readonly environment: string
  readonly sessions: SessionStore
  /** Of the session's file: one norrix at a time renews a session, for a refresh token works once (auth C2). */
  readonly lockPath: string
  readonly now: () => Date
  readonly ask?: Ask
}

/**
 * Renews a session's access token. Whatever another norrix has renewed in the meantime is used.
 *
 * Only `invalid_grant` says that a session is over (RFC 6749 section 5.2); after anything else the file stays as it is,
 * byte for byte (threat T37).
 *
 * @param stale the record whose token is no good any more
 * @throws Fault session_ended, network, not_norrix, home_unwritable
 */
export async function refreshSession(
  stale: SessionRecord,
  options: RefreshOptions,
): Promise<SessionRecord> {
  const { environment, sessions, now } = options
  return withLock(options.lockPath, async () => {
    const current = await sessions.read(environment)
    if (!current || current.endedAt !== null) throw over(stale, environment)
    if (current.accessToken !== stale.accessToken && !isAccessOver(current, now())) return current
    const answer = await askForTokens(current, options.ask ?? ask)
    if (answer === 'invalid_grant') {
      await sessions.write(environment, { ...current, endedAt: now().toISOString() })
      throw over(current, environment)
    }
    const renewed = withTokens(current, answer, now())
    await sessions.write(environment, renewed)
    return renewed
  })
}

/** A record with the tokens of an answer; the refresh token stays where none came. */
export function withTokens(record: SessionRecord, tokens: Tokens, now: Date): SessionRecord {
  return {
    ...record,
    accessToken: tokens.accessToken,
    accessExpiresAt: new Date(now.getTime() + tokens.expiresInSeconds * 1000).toISOString(),
    refreshToken: tokens.refreshToken ?? record.refreshToken,
  }
}

export interface Tokens {
  readonly accessToken: string
  readonly expiresInSeconds: number
  readonly refreshToken: string | undefined
}

async function askForTokens(record: SessionRecord, askIt: Ask): Promise<Tokens | 'invalid_grant'> {
  const { host } = new URL(record.tokenEndpoint)
  let answer: Answer
  try {
    answer = await askIt(record.tokenEndpoint, {
      method: 'POST',
      headers: { Accept: 'application/json' },
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: record.refreshToken,
        client_id: clientId,
      }),
      signal: AbortSignal.timeout(30_000),
    })
  } catch (cause) {
    throw new Fault('network', {
      message: `${host} could not be reached to renew your session; the session is kept.`,
      fix: 'check the network and try again',
      cause,
    })
  }
  const body: unknown = await answer.json().catch(() => undefined)
  if (answer.status === 400 && isObject(body) && body['error'] === 'invalid_grant')
    return 'invalid_grant'
  const tokens = answer.ok && isObject(body) ? readTokens(body) : undefined
  if (tokens) return tokens
  throw new Fault('not_norrix', {
    message: `${host} answered ${answer.status} when asked to renew your session; the session is kept.`,
    fix: 'try again later; a proxy or a sign-in page of the network may stand in between',
  })
}

function readTokens(body: Readonly<Record<string, unknown>>): Tokens | undefined {
  const { access_token: accessToken, expires_in: expiresIn, refresh_token: refreshToken } = body
  if (typeof accessToken !== 'string' || typeof expiresIn !== 'number') return undefined
  return {
    accessToken,
    expiresInSeconds: expiresIn,
    refreshToken: typeof refreshToken === 'string' ? refreshToken : undefined,
  }
}

function over(record: SessionRecord, environment: string): Fault {
  return new Fault('session_ended', {
    message: `Your session as ${record.account.email} on ${environment} is over: signed out elsewhere, revoked or expired.`,
    fix: environment === 'prod' ? 'norrix sign-in' : `norrix sign-in --env ${environment}`,
  })
}
