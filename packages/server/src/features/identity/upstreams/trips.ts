import type { IncomingMessage, ServerResponse } from 'node:http'
import { Fault } from '@norrix/contract/fault'
import type { Database } from '../../../kernel/db/database.ts'
import type { Effects } from '../../../kernel/effects.ts'
import { newToken } from '../../../kernel/secrets.ts'
import type { Tables } from '../../../schema/index.ts'
import type { Identified } from '../accounts/account.ts'
import { findState, saveState, takeState } from '../states.ts'
import { attemptFrom, isSameText, isTag, tagOf } from '../web/attempt.ts'
import { cookieOf, setCookie, type CookieNames } from '../web/cookies.ts'
import type { Upstreams } from './upstreams.ts'

/**
 * What somebody goes to an upstream for. A request's id is in the browser's cookie; a claim's is in the row, since whoever
 * could name a claim could take the server.
 */
export type Purpose =
  | { readonly kind: 'request'; readonly uid: string }
  | { readonly kind: 'claim' }

/** Whom an upstream vouches for, and the claim that was open when they set out. */
export interface Arrived {
  readonly identified: Identified
  readonly claimId: string | undefined
}

/** Somebody who is back, and whom the upstream vouches for. */
export interface Arrival {
  readonly purpose: Purpose
  readonly upstreamName: string
  /** Names the trip in the address of what follows; the secret is in the cookie. */
  readonly tag: string
}

export interface Trips {
  /** Where the browser goes; its cookie is set on the way. @throws Fault upstream_failed */
  depart(res: ServerResponse, trip: Departure): Promise<URL>
  /** What the trip was for, as far as the cookie says: for the page that tells of a failure. */
  purposeOf(req: IncomingMessage, tag: string): Purpose | undefined
  /**
   * The way back. Whatever does not carry this browser's own `state` changes nothing (T1, T2).
   *
   * @throws Fault bad_request, sign_in_denied, upstream_failed
   */
  arrive(req: IncomingMessage, upstreamId: string, callback: URL): Promise<Arrival>
  /** Whom an arrival vouches for, without using it up; undefined when it is over. */
  peek(req: IncomingMessage, tag: string): Promise<Arrived | undefined>
  /** The same, once. @throws Fault bad_request when it is used or over */
  redeem(req: IncomingMessage, res: ServerResponse, tag: string): Promise<Arrived>
  callbackUri(upstreamId: string): string
}

export interface Departure {
  readonly upstreamId: string
  readonly afresh: boolean
  readonly purpose:
    | { readonly kind: 'request'; readonly uid: string }
    | { readonly kind: 'claim'; readonly claimId: string }
}

const lifeSeconds = 15 * 60

/** Where an upstream sends the browser back to: one path for each, registered there byte for byte. */
export function callbackUri(publicUrl: string, upstreamId: string): string {
  return `${publicUrl}/sign-in/${upstreamId}/callback`
}

/**
 * Trips to upstreams and back.
 *
 * The browser holds one secret for each trip, in a cookie; `state`, `nonce` and the PKCE verifier are all derived from it,
 * and the row is under its digest. So two tabs do not disturb each other, the table holds nothing to complete a trip with,
 * and a callback works in the browser that set out and nowhere else.
 */
export function createTrips(deps: {
  db: Database<Tables>
  effects: Effects
  cookies: CookieNames
  upstreams: Upstreams
  publicUrl: string
}): Trips {
  const { db, effects, cookies, upstreams } = deps
  const ownCallback = (id: string) => callbackUri(deps.publicUrl, id)
  const cookieName = (tag: string) => cookies.forOrigin(`upstream_${tag}`)
  const read = (req: IncomingMessage, tag: string) => {
    if (!isTag(tag)) return undefined
    return parseCookie(cookieOf(req, cookieName(tag)))
  }
  const save = async (model: 'UpstreamTrip' | 'UpstreamArrival', id: string, payload: object) =>
    saveState(db.kysely, {
      model,
      id,
      payload: { ...payload },
      expiresAt: effects.now() + lifeSeconds * 1000,
    })

  return {
    callbackUri: ownCallback,
    async depart(res, { upstreamId, purpose, afresh }) {
      const upstream = upstreams.externalById(upstreamId)
      const secret = newToken('', effects.random)
      const attempt = attemptFrom(secret)
      const redirectUri = ownCallback(upstreamId)
      const url = await upstream.begin({ ...attempt, redirectUri, afresh })
      const claimId = purpose.kind === 'claim' ? purpose.claimId : null
      await save('UpstreamTrip', secret, { upstreamId, claimId })
      const value = `${secret}.${purpose.kind === 'claim' ? 'claim' : purpose.uid}`
      setCookie(res, {
        name: cookieName(attempt.tag),
        value,
        maxAgeSeconds: lifeSeconds,
        https: cookies.https,
      })
      return url
    },
    purposeOf: (req, tag) => read(req, tag)?.purpose,
    async arrive(req, upstreamId, callback) {
      const state = callback.searchParams.get('state')
      const tag = tagOf(state)
      const cookie = tag === undefined ? undefined : read(req, tag)
      if (state === null || tag === undefined || !cookie) throw strayCallback()
      const attempt = attemptFrom(cookie.secret)
      if (!isSameText(state, attempt.state)) throw strayCallback()
      const key = { model: 'UpstreamTrip', id: cookie.secret }
      const trip = await takeState(db.kysely, key, effects.now())
      if (trip?.['upstreamId'] !== upstreamId) throw strayCallback()
      const upstream = upstreams.externalById(upstreamId)
      const redirectUri = ownCallback(upstreamId)
      const identified = await upstream.finish({ ...attempt, redirectUri, afresh: false }, callback)
      await save('UpstreamArrival', cookie.secret, { identified, claimId: trip['claimId'] })
      return { purpose: cookie.purpose, upstreamName: upstream.name, tag }
    },
    async peek(req, tag) {
      const cookie = read(req, tag)
      if (!cookie) return undefined
      const key = { model: 'UpstreamArrival', id: cookie.secret }
      const found = await findState(db.kysely, key, effects.now())
      return found && toArrived(found.payload)
    },
    async redeem(req, res, tag) {
      const cookie = read(req, tag)
      const key = { model: 'UpstreamArrival', id: cookie?.secret ?? '' }
      const payload = await takeState(db.kysely, key, effects.now())
      if (!payload) throw strayCallback()
      setCookie(res, {
        name: cookieName(tag),
        value: '',
        maxAgeSeconds: 0,
        https: cookies.https,
      })
      return toArrived(payload)
    },
  }
}

function parseCookie(value: string | undefined): { secret: string; purpose: Purpose } | undefined {
  const found = /^([\w-]{43})\.(claim|[\w-]{20,60})$/.exec(value ?? '')
  if (!found) return undefined
  const [, secret = '', what = ''] = found
  const purpose: Purpose = what === 'claim' ? { kind: 'claim' } : { kind: 'request', uid: what }
  return { secret, purpose }
}

function toArrived(payload: Readonly<Record<string, unknown>>): Arrived {
  const claimId = payload['claimId']
  return {
    identified: payload['identified'] as Identified, // written by `arrive` above
    claimId: typeof claimId === 'string' ? claimId : undefined,
  }
}

function strayCallback(): Fault {
  return new Fault('bad_request', {
    message: 'This answer does not belong to a sign-in of this browser, or came twice.',
    fix: 'begin the sign-in again',
  })
}
