/**
 * A session as it lies on the disk: encrypted, and bound to its place. AES-256-GCM (NIST SP 800-38D) with a random nonce of
 * 96 bits for each writing; the form's version, issuer, environment and profile are authenticated with it, so that a file
 * that was moved does not open (threat T47).
 */
export interface Sealed {
  readonly issuer: string
  /** The first 8 bytes of the key's SHA-256, in hex: tells a wrong key from a wrong place, and nothing about the key. */
  readonly keyId: string
  /** Base64, 12 bytes. */
  readonly nonce: string
  /** Base64: the ciphertext and its tag of 16 bytes. */
  readonly data: string
}

/** What a session is bound to. */
export interface Place {
  readonly issuer: string
  readonly environment: string
  readonly profile: string
}

export const sealVersion = 2
export const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16
const cipherName = 'aes-256-gcm'

export function seal(text: string, place: Place, key: Buffer): Sealed {
  const { createCipheriv, randomBytes } = nodeCrypto()
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(cipherName, key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(boundTo(place))
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return {
    issuer: place.issuer,
    keyId: keyIdOf(key),
    nonce: nonce.toString('base64'),
    data: data.toString('base64'),
  }
}

/** @returns the text; undefined where key or place are others, or a bit was changed */
export function unseal(sealed: Sealed, place: Place, key: Buffer): string | undefined {
  const { createDecipheriv } = nodeCrypto()
  const nonce = Buffer.from(sealed.nonce, 'base64')
  const data = Buffer.from(sealed.data, 'base64')
  if (nonce.length !== nonceBytes || data.length < tagBytes) return undefined
  const decipher = createDecipheriv(cipherName, key, nonce, { authTagLength: tagBytes })
  decipher.setAAD(boundTo(place)).setAuthTag(data.subarray(-tagBytes))
  const start = decipher.update(data.subarray(0, -tagBytes))
  try {
    return Buffer.concat([start, decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

export function keyIdOf(key: Buffer): string {
  const { createHash } = nodeCrypto()
  return createHash('sha256').update(key).digest('hex').slice(0, 16)
}

export function newKey(): Buffer {
  const { randomBytes } = nodeCrypto()
  return randomBytes(keyBytes)
}

/** @returns undefined for what is not one */
export function readSealed(value: Readonly<Record<string, unknown>>): Sealed | undefined {
  const { issuer, keyId, nonce, data } = value
  if (typeof issuer !== 'string' || typeof keyId !== 'string') return undefined
  if (typeof nonce !== 'string' || typeof data !== 'string') return undefined
  return { issuer, keyId, nonce, data }
}

/** As JSON, which keeps the parts apart whatever they hold. */
function boundTo({ issuer, environment, profile }: Place): Buffer {
  return Buffer.from(JSON.stringify(['norrix session', sealVersion, issuer, environment, profile]))
}

/** When it is needed, and not by import(), which would read every name it has: one of them loads all of WebCrypto. */
function nodeCrypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto')
}
