import type { Ask } from '@norrix/contract/client'
import { Fault } from '@norrix/contract/fault'
import { aloneIfPossible } from '../home/lock.ts'
import type { SessionRecord, SessionStore } from '../home/sessions.ts'
import { isObject } from '../home/json-file.ts'
import { ask } from './http.ts'
import { clockAheadOf, proofFor } from './proof.ts'
import { clientId } from '../sign-in/client-id.ts'

/** The part of its life after which an access token is renewed, so that it does not end under way. */
const renewedAt = 0.8

/** Whether it is time for another access token, by the server's clock as far as it is known here. */
export function isAccessOver(record: SessionRecord, now: Date): boolean {
  const since = Date.parse(record.accessSince)
  const life = Date.parse(record.accessExpiresAt) - since
  return since + renewedAt * life <= now.getTime() + record.clockAheadMs
}

export interface RefreshOptions {
  readonly environment: string
  readonly sessions: SessionStore
  /** Of the session's file. It spares requests: the refresh token stays the same, so that two at once are right too. */
  readonly lockPath: string
  readonly now: () => Date
  readonly ask?: Ask
}

/**
 * Renews a session's access token. Whatever another norrix has renewed in the meantime is used.
 *
 * Only `invalid_grant` says that a session is over (RFC 6749 section 5.2); after anything else the file stays as it is,
 * byte for byte (threat T37). Where the new token cannot be written down, this command has it all the same.
 *
 * @param stale the record whose token is no good any more
 * @throws Fault session_ended, network, not_norrix
 */
export async function refreshSession(
  stale: SessionRecord,
  options: RefreshOptions,
): Promise<SessionRecord> {
  const { environment, sessions, now } = options
  return aloneIfPossible(options.lockPath, async () => {
    const current = await sessions.read(environment)
    if (!current || current.endedAt !== null) throw over(stale, environment)
    if (current.accessToken !== stale.accessToken && !isAccessOver(current, now())) return current
    const answer = await askForTokens(current, options)
    if (answer === 'invalid_grant') {
      await sessions.renew(environment, { ...current, endedAt: now().toISOString() })
      throw over(current, environment)
    }
    const renewed = { ...current, ...tokenFields(answer, now()) }
    await sessions.renew(environment, renewed)
    return renewed
  })
}

/** The part of a record that an answer with tokens makes anew; a refresh token only where one came. */
export function tokenFields(tokens: Tokens, now: Date) {
  const { accessToken, clockAheadMs, expiresInSeconds, refreshToken } = tokens
  const since = now.getTime() + clockAheadMs
  return {
    accessToken,
    accessSince: new Date(since).toISOString(),
    accessExpiresAt: new Date(since + expiresInSeconds * 1000).toISOString(),
    clockAheadMs,
    ...(refreshToken !== undefined && { refreshToken }),
  }
}

export interface Tokens {
  readonly accessToken: string
  readonly expiresInSeconds: number
  readonly refreshToken: string | undefined
  /** See `BoundToken`: as the answer said that brought the tokens. */
  readonly clockAheadMs: number
}

async function askForTokens(
  record: SessionRecord,
  options: RefreshOptions,
  isLast = false,
): Promise<Tokens | 'invalid_grant'> {
  const { host } = new URL(record.tokenEndpoint)
  const answer = await send(record, options)
  const aheadMs = clockAheadOf(answer, options.now()) ?? record.clockAheadMs
  const body: unknown = await answer.json().catch(() => undefined)
  const error = answer.status === 400 && isObject(body) ? body['error'] : undefined
  if (error === 'invalid_grant') return error
  // The clock here is wrong, or was put right: the answer says what time it is (threat T29).
  if (error === 'invalid_dpop_proof' && !isLast)
    return askForTokens({ ...record, clockAheadMs: aheadMs }, options, true)
  const tokens = answer.ok && isObject(body) ? readTokens(body, aheadMs) : undefined
  if (tokens) return tokens
  throw new Fault('not_norrix', {
    message: `${host} answered ${answer.status} when asked to renew your session; the session is kept.`,
    fix: 'try again later; a proxy or a sign-in page of the network may stand in between',
  })
}

async function send(record: SessionRecord, { ask: askIt = ask, now }: RefreshOptions) {
  const { tokenEndpoint: url, refreshToken } = record
  const method = 'POST'
  try {
    return await askIt(url, {
      method,
      headers: { Accept: 'application/json', DPoP: proofFor({ method, url }, record, now()) },
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        client_id: clientId,
      }),
      signal: AbortSignal.timeout(30_000),
    })
  } catch (cause) {
    throw new Fault('network', {
      message: `${new URL(url).host} could not be reached to renew your session; the session is kept.`,
      fix: 'check the network and try again',
      cause,
    })
  }
}

function readTokens(
  body: Readonly<Record<string, unknown>>,
  clockAheadMs: number,
): Tokens | undefined {
  const { access_token: accessToken, expires_in: expiresIn, refresh_token: refreshToken } = body
  if (typeof accessToken !== 'string' || typeof expiresIn !== 'number') return undefined
  return {
    accessToken,
    expiresInSeconds: expiresIn,
    refreshToken: typeof refreshToken === 'string' ? refreshToken : undefined,
    clockAheadMs,
  }
}

function over(record: SessionRecord, environment: string): Fault {
  return new Fault('session_ended', {
    message: `Your session as ${record.account.email} on ${environment} is over: signed out elsewhere, revoked or expired.`,
    fix: environment === 'prod' ? 'norrix sign-in' : `norrix sign-in --env ${environment}`,
  })
}
