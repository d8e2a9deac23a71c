import type { HomePaths } from './folder.ts'
import { readProofKey, type ProofKey } from '../needs/proof.ts'
import { isObject, readJsonFile, writeJsonFile, type Notice } from './json-file.ts'
import { closeFolder, ensurePrivateFolder, removePrivate } from './private-file.ts'

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

/**
 * Where sessions are kept, one for each environment. The one door to them: an encrypted store takes its place without
 * anything else changing.
 */
export interface SessionStore {
  /** @throws Fault home_corrupt, home_unwritable */
  read(environment: string): Promise<SessionRecord | undefined>
  /** @throws Fault home_unwritable; the old record is still there then */
  write(environment: string, record: SessionRecord): Promise<void>
  remove(environment: string): Promise<void>
  /** How secrets are kept, for `whoami --json`. */
  readonly storage: 'plain file'
}

const version = 1

export function fileSessionStore(paths: HomePaths, notice: Notice, now: () => Date): SessionStore {
  return {
    storage: 'plain file',
    async read(environment) {
      await closeFolder(paths.folder)
      return readJsonFile(
        { version, read: readRecord },
        {
          path: paths.session(environment),
          notice,
          now,
          recovery:
            environment === 'prod' ? 'norrix sign-in' : `norrix sign-in --env ${environment}`,
        },
      )
    },
    async write(environment, record) {
      await ensurePrivateFolder(paths.folder)
      await writeJsonFile(paths.session(environment), version, record)
    },
    remove: (environment) => removePrivate(paths.session(environment)),
  }
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
