import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { Fault } from '@norrix/contract/fault'
import type { Secrets } from '../../../kernel/secrets.ts'

/** Secrets of the authorization server; they lie in the data folder, not in the database. */
export interface ServerKeys {
  /** Private keys: the one that signs id tokens first, then those that are only published. */
  readonly signing: readonly JWK[]
  /** Sign the authorization server's own cookies: the first writes, all are read. */
  readonly cookies: readonly string[]
  /** When the same files mean something else; milliseconds since 1970. */
  readonly changesAt: number
}

const signingName = 'signing-keys.json'
const cookieName = 'cookie-key'
const cookieKeyBytes = 32

/** A signing key as it is kept. Without times it signs, and is accepted, for as long as it is there. */
interface StoredKey {
  readonly jwk: JWK
  /** Published before, so that whoever verifies knows it when it begins to sign. */
  readonly signsFrom: number
  readonly acceptedUntil: number
}

/** Tokens under an old key live 10 minutes; the rest is for clocks that differ. */
const overlapMs = 60 * 60 * 1000

/**
 * Reads the keys, or makes them on first start.
 *
 * @throws Fault secrets_differ, or data_unusable when a file is readable by others or is not what it should be
 */
export async function keepServerKeys(secrets: Secrets, now: number): Promise<ServerKeys> {
  const stored = readKeys(await secrets.keep(signingName, makeSigningKeys))
  const { signing, changesAt } = keysAt(stored, now)
  const bytes = await secrets.keep(cookieName)
  return { signing: await Promise.all(signing.map(nameKey)), cookies: cookieKeys(bytes), changesAt }
}

/** What changes when the files do; cheap enough to be asked every few seconds. */
export function keysStamp(secrets: Secrets): Promise<string> {
  return secrets.stamp([signingName, cookieName])
}

/**
 * Adds a signing key. Every server that has the file publishes it within seconds, signs with it from `signsFrom` on, and goes on
 * publishing the old one for an hour after that.
 *
 * @throws Fault conflict while another rotation is under way
 */
export async function rotateSigningKeys(
  secrets: Secrets,
  { now, signsFrom, old }: { now: number; signsFrom: number; old: 'accept' | 'drop' },
): Promise<{ kid: string; acceptedUntil: number }> {
  const from = await secrets.keep(signingName, makeSigningKeys)
  const stored = readKeys(from)
  const waiting = stored.find((key) => key.signsFrom > now)
  if (waiting && old === 'accept') throw underWay(waiting.signsFrom)
  const acceptedUntil = old === 'accept' ? signsFrom + overlapMs : now
  const kept = stored
    .map((key) => ({ ...key, acceptedUntil: Math.min(key.acceptedUntil, acceptedUntil) }))
    .filter((key) => key.acceptedUntil > now)
  const jwk = newKey()
  const to = writeKeys([{ jwk, signsFrom, acceptedUntil: Infinity }, ...kept])
  await secrets.replace(signingName, { from, to })
  return { kid: await calculateJwkThumbprint(jwk), acceptedUntil }
}

/** The new key signs at once; cookies of the one before are read until the next rotation. */
export async function rotateCookieKeys(secrets: Secrets): Promise<void> {
  const from = await secrets.keep(cookieName)
  const [newest = new Uint8Array()] = chunks(from)
  await secrets.replace(cookieName, {
    from,
    to: Buffer.concat([randomBytes(cookieKeyBytes), newest]),
  })
}

/** Which key signs at a moment, which others are published, and when that changes. */
export function keysAt(
  stored: readonly StoredKey[],
  now: number,
): { signing: readonly JWK[]; changesAt: number } {
  const live = stored.filter(({ acceptedUntil }) => acceptedUntil > now)
  const [signer] = live
    .filter(({ signsFrom }) => signsFrom <= now)
    .toSorted((a, b) => b.signsFrom - a.signsFrom)
  const times = stored.flatMap(({ signsFrom, acceptedUntil }) => [signsFrom, acceptedUntil])
  if (!signer) throw notKeys()
  return {
    signing: [signer, ...live.filter((key) => key !== signer)].map(({ jwk }) => jwk),
    changesAt: Math.min(...times.filter((time) => time > now)),
  }
}

function makeSigningKeys(): Uint8Array {
  return writeKeys([{ jwk: newKey(), signsFrom: 0, acceptedUntil: Infinity }])
}

function newKey(): JWK {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
}

/** A JWK set whose keys have two members of our own (RFC 7517 section 4 lets there be more). */
function writeKeys(stored: readonly StoredKey[]): Uint8Array {
  const keys = stored.map(({ jwk, signsFrom, acceptedUntil }) => ({
    ...jwk,
    ...(signsFrom > 0 && { signsFrom }),
    ...(acceptedUntil < Infinity && { acceptedUntil }),
  }))
  return Buffer.from(JSON.stringify({ keys }))
}

function readKeys(bytes: Uint8Array): readonly StoredKey[] {
  try {
    const { keys } = JSON.parse(Buffer.from(bytes).toString()) as {
      keys: (JWK & { signsFrom?: number; acceptedUntil?: number })[]
    } // written above, checked by `nameKey`
    if (keys.length === 0) throw new Error('no key in it')
    return keys.map(({ signsFrom = 0, acceptedUntil = Infinity, ...jwk }) => ({
      jwk,
      signsFrom,
      acceptedUntil,
    }))
  } catch (cause) {
    throw notKeys(cause)
  }
}

async function nameKey(key: JWK): Promise<JWK> {
  return { ...key, kid: await calculateJwkThumbprint(key), alg: 'ES256', use: 'sig' }
}

function cookieKeys(bytes: Uint8Array): string[] {
  return chunks(bytes).map((chunk) => Buffer.from(chunk).toString('base64url'))
}

function chunks(bytes: Uint8Array): Uint8Array[] {
  const count = Math.max(1, Math.floor(bytes.length / cookieKeyBytes))
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * cookieKeyBytes, (index + 1) * cookieKeyBytes),
  )
}

function notKeys(cause?: unknown): Fault {
  return new Fault('data_unusable', {
    message: 'The file signing-keys.json of the data folder is not a key set.',
    fix: 'restore it from a backup, or remove it: everybody then signs in once more',
    cause,
  })
}

function underWay(signsFrom: number): Fault {
  return new Fault('conflict', {
    message: `A new signing key is published already, and signs from ${new Date(signsFrom).toISOString()}.`,
    fix: 'wait until then, or add --at-once where the old key is in wrong hands',
  })
}
