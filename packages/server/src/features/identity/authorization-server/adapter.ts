import { errors, type Adapter, type AdapterFactory, type AdapterPayload } from 'oidc-provider'
import type { Clock } from '../../../kernel/clock.ts'
import type { Database } from '../../../kernel/db/database.ts'
import { hashToken } from '../../../kernel/secrets.ts'
import type { Tables } from '../../../schema/index.ts'
import { pollDeviceCode } from './device-codes.ts'
import { createPollClock, type PollClock } from './poll-clock.ts'
import {
  addState,
  consumeState,
  findState,
  findStateBy,
  grantHashOf,
  holdGrant,
  removeGrant,
  removeState,
  removeTokens,
  saveState,
  type FoundState,
} from '../states.ts'

/** What hangs on a grant and dies with it. */
const ofGrant = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode'])

/**
 * Keeps the authorization server's state in `oidc_states` (ruling 24).
 *
 * @param onReuse told of the grant whose code or token was used twice, when the two uses met in the database
 */
export function stateAdapter(deps: {
  db: Database<Tables>
  now: Clock
  onReuse: (grantHash: string) => void
}): AdapterFactory {
  const clock = createPollClock(deps.now)
  return (model) => ({
    ...createAdapter(model, { ...deps, clock }),
    ...(model === 'ReplayDetection' && usedOnce(deps)),
  })
}

function createAdapter(
  model: string,
  { db, now, onReuse, clock }: Parameters<typeof stateAdapter>[0] & { readonly clock: PollClock },
): Adapter {
  return {
    async upsert(id, payload, expiresInSeconds) {
      const grantId = ofGrant.has(model) ? payload.grantId : undefined
      await db.transaction(async (tx) => {
        // A token that was on its way when its grant ended must not outlive it.
        if (grantId !== undefined && !(await holdGrant(tx, hashToken(grantId)))) {
          throw new errors.InvalidGrant('the grant has ended')
        }
        await saveState(tx, {
          model,
          id,
          payload: withoutSecrets(payload),
          expiresAt: expiresInSeconds === undefined ? null : now() + expiresInSeconds * 1000,
          grantId,
          uid: model === 'Session' ? payload.uid : undefined,
          userCode: payload.userCode,
          keyThumbprint: payload.jkt,
        })
      })
    },
    find: async (id) =>
      toPayload(
        model === 'DeviceCode'
          ? await pollDeviceCode({ db, effects: { now }, clock }, id)
          : await findState(db.kysely, { model, id }, now()),
      ),
    findByUid: async (uid) => toPayload(await findStateBy(db.kysely, model, { uid }, now())),
    async findByUserCode(userCode) {
      const found = toPayload(await findStateBy(db.kysely, model, { userCode }, now()))
      return found && { ...found, userCode }
    },
    async consume(id) {
      if (await consumeState(db.kysely, { model, id }, now())) return
      // Two requests at once with one code: the second is a replay, and ends what the first was given (RFC 6749 4.1.2).
      const grantHash = await grantHashOf(db.kysely, { model, id })
      if (grantHash !== undefined) {
        await db.transaction((tx) => removeGrant(tx, grantHash))
        onReuse(grantHash)
      }
      throw new errors.InvalidGrant('already used')
    },
    // A grant takes everything along that hangs on it, whatever the library removes in other calls.
    destroy: (id) =>
      model === 'Grant'
        ? db.transaction((tx) => removeGrant(tx, hashToken(id)))
        : removeState(db.kysely, { model, id }),
    // The library removes the grant itself in a call of its own, where its policy says so.
    revokeByGrantId: (grantId) => db.transaction((tx) => removeTokens(tx, hashToken(grantId))),
  }
}

/**
 * Notes the proofs of keys that have been used. The library looks first and writes then, so that two at once would both be served:
 * here the write alone decides. And a proof that was used again is called that: the library would say `invalid_grant`, which tells a
 * command line that its session is over, when some proxy has only sent its request twice.
 */
function usedOnce({
  db,
  now,
}: Pick<Parameters<typeof stateAdapter>[0], 'db' | 'now'>): Pick<Adapter, 'find' | 'upsert'> {
  return {
    find: async () => undefined,
    async upsert(id, payload, expiresInSeconds = 0) {
      // The library lets a proof be as far in the future as in the past, and forgets it after half of that.
      const expiresAt = now() + 2 * expiresInSeconds * 1000
      const isNew = await addState(db.kysely, { model: 'ReplayDetection', id, payload, expiresAt })
      if (!isNew) throw new errors.InvalidDpopProof('this proof was used before')
    },
  }
}

/** What would open something else: an interaction notes the cookie of the browser's session, a device code its partner. */
function withoutSecrets({ session, userCode: _, ...payload }: AdapterPayload): AdapterPayload {
  if (!session) return payload
  const { cookie: __, ...rest } = session
  return { ...payload, session: rest }
}

function toPayload(found: FoundState | undefined): AdapterPayload | undefined {
  if (!found) return undefined
  const { payload, consumedAt } = found
  return consumedAt === null ? payload : { ...payload, consumed: Math.floor(consumedAt / 1000) }
}
