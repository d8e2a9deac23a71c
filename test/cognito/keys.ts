import { createHash } from 'node:crypto'
import { exportJWK, generateKeyPair } from 'jose'
import type { CryptoKey, JWK } from 'jose'

export interface SigningKey {
  kid: string
  privateKey: CryptoKey
  publicKey: CryptoKey
  publicJwk: JWK
}

/** A pool signs its two kinds of token with two keys; each kind names its own `kid`. */
export interface PoolKeys {
  access: SigningKey
  id: SigningKey
}

/**
 * Makes fresh RSA-2048 keys. `kids` forces key ids, so a test can build a hostile pool whose tokens
 * carry the key id of the honest one (threat T25).
 */
export async function makePoolKeys(kids: { access?: string; id?: string } = {}): Promise<PoolKeys> {
  const [access, id] = await Promise.all([makeKey(kids.access), makeKey(kids.id)])
  return { access, id }
}

/** The pool's `jwks.json`. */
export function jwksOf(keys: PoolKeys): { keys: JWK[] } {
  return { keys: [keys.id.publicJwk, keys.access.publicJwk] }
}

async function makeKey(forcedKid: string | undefined): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = await exportJWK(publicKey)
  const kid = forcedKid ?? createHash('sha256').update(String(jwk.n)).digest('base64')
  return { kid, privateKey, publicKey, publicJwk: { ...jwk, alg: 'RS256', kid, use: 'sig' } }
}
