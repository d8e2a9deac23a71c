import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, EmbeddedJWK, errors, jwtVerify, type JWTVerifyResult } from 'jose'
import { Fault } from '@norrix/contract/fault'
import { proofAlgorithms } from '../../http/credential.ts'
import type { TokenCredential } from '../../http/principal.ts'
import type { Database } from '../../kernel/db/database.ts'
import type { Effects } from '../../kernel/effects.ts'
import { hashToken } from '../../kernel/secrets.ts'
import type { Tables } from '../../schema/index.ts'
import { addUsedProof, sweepUsedProofs } from './store.ts'

/** How far a proof's time may lie from ours, either way; the command line learns our time from `Date`. */
const proofWindowMs = 60_000
const jtiLengthMax = 200
const sweepEveryMs = 60_000

/** Checks that whoever brings a token has its key, for this very request. @throws Fault proof_invalid */
export type ProofCheck = (credential: TokenCredential, keyThumbprint: string) => Promise<void>

/**
 * The checks of RFC 9449 section 4.3, and of section 11.1: each proof is taken once, by whichever server of the database, before a
 * restart or after it.
 *
 * Streams and uploads have their credential looked up again; the proof of a request is checked the first time.
 */
export function proofCheck(deps: {
  readonly db: Database<Tables>
  readonly effects: Effects
}): ProofCheck {
  const proven = new WeakMap<TokenCredential, string>()
  const sweep = sweeper(deps)
  return async (credential, keyThumbprint) => {
    if (proven.get(credential) === keyThumbprint) return
    const now = deps.effects.now()
    const { jti, iat } = await readProof(credential, keyThumbprint, now)
    // As long as it would be taken, and once more: another server's clock may be behind ours.
    const expiresAt = iat * 1000 + 2 * proofWindowMs
    const digest = hashToken(`${keyThumbprint} ${jti}`)
    if (!(await addUsedProof(deps.db.kysely, digest, expiresAt)))
      throw proofInvalid('was used before')
    proven.set(credential, keyThumbprint)
    sweep(now)
  }
}

interface Proof {
  readonly jti: string
  /** Seconds since 1970. */
  readonly iat: number
}

async function readProof(
  { token, proof, method, url }: TokenCredential,
  keyThumbprint: string,
  now: number,
): Promise<Proof> {
  if (proof === undefined) throw proofInvalid('is missing')
  const { protectedHeader, payload } = await verify(proof, now)
  const { jti, iat, htm, htu, ath } = payload
  if (typeof jti !== 'string' || jti === '' || jti.length > jtiLengthMax)
    throw proofInvalid('has no usable `jti`')
  if (typeof iat !== 'number') throw proofInvalid('has no `iat`')
  if (Math.abs(now - iat * 1000) > proofWindowMs)
    throw proofInvalid('is of another time: see `Date` in this answer for ours')
  if (htm !== method) throw proofInvalid('is for another method')
  if (typeof htu !== 'string' || addressOf(URL.parse(htu)) !== addressOf(url))
    throw proofInvalid('is for another address')
  if (ath !== createHash('sha256').update(token).digest('base64url'))
    throw proofInvalid('is for another token')
  // EmbeddedJWK, which `verify` used, has refused a header without a public key.
  if ((await calculateJwkThumbprint(protectedHeader.jwk ?? {})) !== keyThumbprint)
    throw proofInvalid('is of another key than the token')
  return { jti, iat }
}

async function verify(proof: string, now: number): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: [...proofAlgorithms],
      currentDate: new Date(now),
    })
  } catch (cause) {
    if (!(cause instanceof errors.JOSEError) && !(cause instanceof TypeError)) throw cause
    throw proofInvalid('cannot be verified', cause)
  }
}

/**
 * What `htu` is compared by: without query and fragment, and so that two spellings of one address are the same (RFC 3986 section
 * 6.2.2). What differs in it may still be one operation: such a proof is refused.
 */
function addressOf(url: URL | null): string | undefined {
  if (!url) return undefined
  const path = url.pathname.replaceAll(/%[0-9a-f]{2}/gi, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
    return /[\w.~-]/.test(character) ? character : escape.toUpperCase()
  })
  return url.origin + path
}

function proofInvalid(what: string, cause?: unknown): Fault {
  return new Fault('proof_invalid', {
    message: `The proof of the token's key ${what}.`,
    fix: 'make a new proof for each request (RFC 9449); the command line does so by itself',
    cause,
  })
}

/** Clears proofs that would be refused for their age, now and then, on the way of some request: there is no timer to stop. */
function sweeper({ db, effects }: Parameters<typeof proofCheck>[0]): (now: number) => void {
  let next = 0
  return (now) => {
    if (now < next) return
    next = now + sweepEveryMs
    sweepUsedProofs(db.kysely, now).catch((cause: unknown) =>
      effects.log.warn('session.sweep_failed', { cause }),
    )
  }
}
