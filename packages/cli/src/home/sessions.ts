import { dirname } from 'node:path'
import { Fault } from '@norrix/contract/fault'
import { readProofKey, type ProofKey } from '../needs/proof.ts'
import { isObject, readJsonFile, writeJsonFile } from './json-file.ts'
import { sessionKey, type SessionKey, type SessionKeyOptions } from './key.ts'
import { environmentFlag, profileFlag } from './names.ts'
import {
  closeFolder,
  ensurePrivateFolder,
  isUnwritable,
  refuseUnwritable,
  removePrivate,
} from './private-file.ts'
import { keyIdOf, readSealed, seal, sealVersion, unseal, type Sealed } from './seal.ts'
import type { KeyStorage } from './settings.ts'

/** A signed-in session as it lies on the disk. */
export interface SessionRecord {
  /** Issuer of the tokens and the only origin they are sent to (product ruling 8). */
  readonly issuer: string
  readonly tokenEndpoint: string
  /** Where a refresh token is given back (RFC 7009). */
  readonly revocationEndpoint: string
  readonly accessToken: string
  /** When it was given and when it ends; ISO 8601, by the server's clock. */
  readonly accessSince: string
  readonly accessExpiresAt: string
  /** How far the server's clock is ahead of this machine's, as it last said; milliseconds. */
  readonly clockAheadMs: number
  readonly refreshToken: string
  /** What both tokens are worthless without (RFC 9449). */
  readonly key: ProofKey
  readonly account: { readonly id: string; readonly email: string }
  readonly session: { readonly id: string; readonly expiresAt: string }
  readonly signedInAt: string
  /** Set when the server has said that the session is over; kept so that the text can say so. */
  readonly endedAt: string | null
}

/** Where sessions are kept, one for each environment, those of one profile. The one door to them. */
export interface SessionStore {
  /** @throws Fault session_foreign, keyring_unavailable, home_corrupt, home_unwritable */
  read(environment: string): Promise<SessionRecord | undefined>
  /**
   * Makes sure that a session can be kept here, before anybody is asked to sign in: the folder takes files, the key is there.
   *
   * @throws Fault keyring_unavailable, home_corrupt, home_unwritable
   */
  prepare(environment: string): Promise<void>
  /** @throws Fault keyring_unavailable, home_unwritable; the old record is still there then */
  write(environment: string, record: SessionRecord): Promise<void>
  /**
   * Writes a record over the one that was read. Where the disk takes nothing, it is held in memory: the command goes on, the
   * next one starts from the old record.
   *
   * @throws Fault home_unwritable where the file is not to be trusted
   */
  renew(environment: string, record: SessionRecord): Promise<void>
  remove(environment: string): Promise<void>
  /** Where the key of the sessions lies, for `whoami`; undefined as long as there is none. */
  storage(): Promise<KeyStorage | undefined>
}

export interface SessionStoreOptions extends SessionKeyOptions {
  readonly profile: string
}

export function fileSessionStore(options: SessionStoreOptions): SessionStore {
  const { paths, notice, now, profile } = options
  const key = sessionKey(options)
  /** What a disk that cannot be written has not taken. */
  const held = new Map<string, SessionRecord>()
  const write = async (environment: string, record: SessionRecord): Promise<void> => {
    await ensurePrivateFolder(paths.folder)
    const place = { issuer: record.issuer, environment, profile }
    // Moving the key is for a sign-in alone, by `prepare`.
    const sealed = seal(JSON.stringify(record), place, (await key.find()) ?? (await key.make()))
    await writeJsonFile(paths.session(environment), sealVersion, sealed)
  }
  const renew = async (environment: string, record: SessionRecord): Promise<void> => {
    try {
      await write(environment, record)
    } catch (error) {
      if (!isUnwritable(error)) throw error
      if (held.size === 0) notice(`${error.message} Your session is kept for this command alone.`)
      held.set(environment, record)
    }
  }
  return {
    storage: key.storage,
    write,
    renew,
    async read(environment) {
      if (!paths.isKnown) return undefined
      const inMemory = held.get(environment)
      if (inMemory) return inMemory
      await closeFolder(paths.folder)
      const path = paths.session(environment)
      const recovery = signInAgain({ environment, profile })
      const form = { version: sealVersion, read: readStored }
      const stored = await readJsonFile(form, { path, notice, now, recovery })
      if (stored?.kind !== 'plain')
        return stored && unlock(stored.sealed, { environment, options, key })
      // As an older norrix left it: from now on encrypted.
      await renew(environment, stored.record)
      return stored.record
    },
    async prepare(environment) {
      const folder = dirname(paths.session(environment))
      await ensurePrivateFolder(paths.folder)
      await ensurePrivateFolder(folder)
      await refuseUnwritable(folder)
      await key.make()
    },
    async remove(environment) {
      held.delete(environment)
      await removePrivate(paths.session(environment))
    },
  }
}

type Stored =
  | { readonly kind: 'sealed'; readonly sealed: Sealed }
  | { readonly kind: 'plain'; readonly record: SessionRecord }

function readStored(value: Readonly<Record<string, unknown>>, version: number): Stored | undefined {
  if (version === 1) {
    const record = readRecord(value)
    return record && { kind: 'plain', record }
  }
  const sealed = version === sealVersion ? readSealed(value) : undefined
  return sealed && { kind: 'sealed', sealed }
}

interface Locked {
  readonly environment: string
  readonly options: SessionStoreOptions
  readonly key: SessionKey
}

async function unlock(
  sealed: Sealed,
  { environment, options, key }: Locked,
): Promise<SessionRecord> {
  const { paths, profile } = options
  const path = paths.session(environment)
  const fix = signInAgain({ environment, profile })
  const found = await key.find()
  if (!found || keyIdOf(found) !== sealed.keyId) {
    const where = (await key.storage()) === 'keyring' ? 'the keyring' : paths.key
    throw new Fault('session_foreign', {
      message: `${path} was encrypted with a key that is not on this machine${found ? '' : `: ${where} has none`}. A copied folder carries no session.`,
      fix,
    })
  }
  const text = unseal(sealed, { issuer: sealed.issuer, environment, profile }, found)
  if (text === undefined) {
    throw new Fault('session_foreign', {
      message: `${path} was written for another environment or profile, or was changed since: it does not decrypt.`,
      fix,
    })
  }
  const value: unknown = JSON.parse(text)
  const record = isObject(value) ? readRecord(value) : undefined
  if (record) return record
  throw new Fault('home_corrupt', {
    message: `${path} holds no session that this norrix knows.`,
    fix,
  })
}

function signInAgain(place: { readonly environment: string; readonly profile: string }): string {
  return `norrix sign-in${environmentFlag(place.environment)}${profileFlag(place.profile)}`
}

const texts = [
  'issuer',
  'tokenEndpoint',
  'revocationEndpoint',
  'accessToken',
  'accessSince',
  'accessExpiresAt',
  'refreshToken',
  'signedInAt',
] as const

function readRecord(value: Readonly<Record<string, unknown>>): SessionRecord | undefined {
  const { account, session, endedAt, clockAheadMs } = value
  const key = readProofKey(value['key'])
  if (key === undefined || typeof clockAheadMs !== 'number') return undefined
  if (texts.some((name) => typeof value[name] !== 'string')) return undefined
  if (!isObject(account) || !isObject(session)) return undefined
  const { id, email } = account
  if (typeof id !== 'string' || typeof email !== 'string') return undefined
  if (typeof session['id'] !== 'string' || typeof session['expiresAt'] !== 'string')
    return undefined
  // Each of `texts` was just seen to be a string.
  const text = (name: (typeof texts)[number]) => value[name] as string
  return {
    issuer: text('issuer'),
    tokenEndpoint: text('tokenEndpoint'),
    revocationEndpoint: text('revocationEndpoint'),
    accessToken: text('accessToken'),
    accessSince: text('accessSince'),
    accessExpiresAt: text('accessExpiresAt'),
    clockAheadMs,
    refreshToken: text('refreshToken'),
    key,
    account: { id, email },
    session: { id: session['id'], expiresAt: session['expiresAt'] },
    signedInAt: text('signedInAt'),
    endedAt: typeof endedAt === 'string' ? endedAt : null,
  }
}
