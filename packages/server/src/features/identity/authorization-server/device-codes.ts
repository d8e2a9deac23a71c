import { errors, type AdapterPayload } from 'oidc-provider'
import type { Database } from '../../../kernel/db/database.ts'
import type { Effects } from '../../../kernel/effects.ts'
import { hashToken } from '../../../kernel/secrets.ts'
import type { Tables } from '../../../schema/index.ts'
import {
  addState,
  consumeState,
  extendState,
  findState,
  findStateBy,
  removeState,
  sweptAfterMs,
  tieToGrant,
  type FoundState,
} from '../states.ts'
import type { PollClock } from './poll-clock.ts'

/**
 * Device codes between their request and their answer (RFC 8628). The row that the library writes is known to the device by
 * its code and to our pages by its `handle`, the code's hash, which opens nothing: no page ever holds what tokens are had
 * for. Who claimed it, and the answer, stand in a row of their own.
 */
const model = 'DeviceCode'
const claimModel = 'DeviceClaim'

/** A request of a device, as the pages may know it. */
export interface DeviceRequest {
  readonly handle: string
  readonly params: Readonly<Record<string, unknown>>
  /** Where it came from. */
  readonly address: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly expiresAt: number
}

/** What is noted beside the library's own fields when a device asks. */
export interface DeviceInfo {
  readonly address: string
  /** Milliseconds since 1970. */
  readonly askedAt: number
}

/** What is laid over the library's own row once a person has answered. */
export type DeviceAnswer =
  | { readonly error: string; readonly errorDescription: string }
  | {
      readonly accountId: string
      readonly grantId: string
      readonly scope: string
      readonly authTime: number | undefined
    }

interface Deps {
  readonly db: Database<Tables>
  readonly effects: Pick<Effects, 'now'>
}

/** @param by the code that a person typed, in whatever case and grouping, or a handle */
export async function findDeviceRequest(
  { db, effects }: Deps,
  by: { readonly userCode: string } | { readonly handle: string },
): Promise<DeviceRequest | undefined> {
  const key = 'handle' in by ? { idHash: by.handle } : { userCode: normalized(by.userCode) }
  const found = await findStateBy(db.kysely, model, key, effects.now())
  if (!found || found.consumedAt !== null) return undefined
  const answered = await findState(
    db.kysely,
    { model: claimModel, id: found.idHash },
    effects.now(),
  )
  return answered && answered.consumedAt !== null ? undefined : toRequest(found)
}

/**
 * The code is theirs who see it first; nobody else can answer it (T17).
 *
 * @param accountId empty for a browser in which nobody is signed in: it can only refuse
 * @returns false when it is somebody else's
 */
export async function claimDeviceRequest(
  { db, effects }: Deps,
  request: DeviceRequest,
  accountId: string,
): Promise<boolean> {
  const key = { model: claimModel, id: request.handle }
  await addState(db.kysely, { ...key, payload: { accountId }, expiresAt: request.expiresAt })
  const claim = await findState(db.kysely, key, effects.now())
  return claim?.consumedAt === null && claim.payload['accountId'] === accountId
}

/** Whoever claimed it gives it up. */
export async function releaseDeviceRequest(deps: Deps, request: DeviceRequest): Promise<void> {
  await removeState(deps.db.kysely, { model: claimModel, id: request.handle })
}

/** From two answers at once one is chosen, before anything is made for it. @returns false for the other */
export async function settleDeviceRequest(
  deps: Deps,
  request: DeviceRequest,
  accountId: string,
): Promise<boolean> {
  if (!(await claimDeviceRequest(deps, request, accountId))) return false
  const key = { model: claimModel, id: request.handle }
  return consumeState(deps.db.kysely, key, deps.effects.now())
}

/** What the device hears at its next poll. With a grant, the code dies with it. */
export async function answerDeviceRequest(
  { db }: Deps,
  { handle, expiresAt }: DeviceRequest,
  answer: DeviceAnswer,
): Promise<void> {
  await db.transaction(async (tx) => {
    if ('grantId' in answer) await tieToGrant(tx, { model, idHash: handle }, answer.grantId)
    await extendState(tx, { model: claimModel, id: handle }, { payload: { answer }, expiresAt })
  })
}

/** The library's row of a code that a device polls with, and the answer if there is one. */
export async function pollDeviceCode(
  { db, effects, clock }: Deps & { readonly clock: PollClock },
  code: string,
): Promise<FoundState | undefined> {
  const handle = hashToken(code)
  clock.check(handle)
  const now = effects.now()
  // One that has run out is still there for a while, so that its device is told so.
  const found = await findState(db.kysely, { model, id: code }, now - sweptAfterMs)
  if (!found) return undefined
  if ((found.expiresAt ?? 0) <= now) throw new errors.ExpiredToken('the device code has run out')
  const claim = await findState(db.kysely, { model: claimModel, id: handle }, now)
  const answer = claim?.payload['answer'] as DeviceAnswer | undefined // written by `answerDeviceRequest`
  if (!answer) clock.pending(handle)
  return { ...found, payload: { ...found.payload, ...answer } }
}

/** As people type it: small letters, other groups, spaces. */
function normalized(userCode: string): string {
  return userCode.toUpperCase().replace(/[^A-Z0-9]/g, '')
}

function toRequest({ idHash, payload, expiresAt }: FoundState): DeviceRequest {
  const { params = {}, deviceInfo } = payload as AdapterPayload // the library wrote it
  const { address, askedAt } = deviceInfo as unknown as DeviceInfo // as `deviceInfo` of provider.ts made it
  return { handle: idHash, params, address, startedAt: askedAt, expiresAt: expiresAt ?? 0 }
}
