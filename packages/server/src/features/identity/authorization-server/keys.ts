import { generateKeyPairSync } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { Fault } from '@norrix/contract/fault'
import type { Secrets } from '../../../kernel/secrets.ts'

/** Secrets of the authorization server; they lie in the data folder, not in the database. */
export interface ServerKeys {
  /** Private keys that sign id tokens, newest first; an old one stays while tokens under it live. */
  readonly signing: readonly JWK[]
  /** Signs the authorization server's own cookies. */
  readonly cookies: string
}

/**
 * Reads the keys, or makes them on first start.
 *
 * @throws Fault secrets_differ, or data_unusable when a file is readable by others or is not what it should be
 */
export async function keepServerKeys(secrets: Secrets): Promise<ServerKeys> {
  const signing = readKeys(await secrets.keep('signing-keys.json', makeSigningKeys))
  const cookies = Buffer.from(await secrets.keep('cookie-key')).toString('base64url')
  return { signing: await Promise.all(signing.map(nameKey)), cookies }
}

function makeSigningKeys(): Uint8Array {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return Buffer.from(JSON.stringify({ keys: [privateKey.export({ format: 'jwk' })] }))
}

function readKeys(bytes: Uint8Array): readonly JWK[] {
  try {
    const { keys } = JSON.parse(Buffer.from(bytes).toString()) as { keys: JWK[] } // written above, checked by `nameKey`
    if (keys.length === 0) throw new Error('no key in it')
    return keys
  } catch (cause) {
    throw new Fault('data_unusable', {
      message: 'The file signing-keys.json of the data folder is not a key set.',
      fix: 'restore it from a backup, or remove it: everybody then signs in once more',
      cause,
    })
  }
}

async function nameKey(key: JWK): Promise<JWK> {
  return { ...key, kid: await calculateJwkThumbprint(key), alg: 'ES256', use: 'sig' }
}
