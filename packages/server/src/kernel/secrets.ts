import { createHash, createHmac, randomBytes, type KeyObject } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '@norrix/contract/fault'
import { replaceSecret } from './replace-secret.ts'

/** A source of cryptographically random bytes. */
export type RandomBytes = (count: number) => Uint8Array

/** An unguessable token: `prefix` and 256 bits in base64url. */
export function newToken(prefix: string, random: RandomBytes): string {
  return `${prefix}${Buffer.from(random(32)).toString('base64url')}`
}

/** What is kept of a token (ruling 24). A plain digest is enough: there are 256 bits to guess. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}

/**
 * What is kept of an API key: a dump without the pepper cannot even confirm a key that somebody holds (T70).
 *
 * @param pepper made ready once, by `createSecretKey`: from bytes, each digest took five times as long
 */
export function hashKey(key: string, pepper: KeyObject): string {
  return createHmac('sha256', pepper).update(key).digest('base64url')
}

/**
 * Reads a secret of the data folder, or makes it on first start. Two starts at once get the same one: the file appears
 * whole, by a link that fails where one is.
 *
 * @param make the bytes of a new secret
 * @throws Fault data_unusable when others can read the file, or it is not a plain file
 */
export function keepSecret(
  folder: string,
  name: string,
  make: () => Uint8Array = () => randomBytes(32),
): Uint8Array {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, name)
  const existing = readSecret(file)
  if (existing) return existing
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  const handle = openSync(draft, 'wx', 0o600)
  try {
    writeSync(handle, make())
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  try {
    linkSync(draft, file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    rmSync(draft, { force: true })
  }
  const kept = readSecret(file)
  if (!kept) throw new Fault('data_unusable', { message: `The secret ${file} cannot be kept.` })
  return kept
}

/** Where a server's secrets come from, by name; each is made on first start. */
export interface Secrets {
  /** @throws Fault data_unusable, secrets_differ */
  keep(name: string, make?: () => Uint8Array): Promise<Uint8Array>
  /**
   * Replaces a secret that was kept before. Where several servers share it, the others have the old file until somebody brings
   * them the new one.
   *
   * @throws Fault conflict when it was replaced meanwhile and `from` is no longer what it is
   */
  replace(name: string, change: SecretChange): Promise<void>
  /** A text that is another one once the file of any of these has been replaced. */
  stamp(names: readonly string[]): Promise<string>
}

export interface SecretChange {
  readonly from: Uint8Array
  readonly to: Uint8Array
}

/** Secrets in a folder that one server has for itself. */
export function folderSecrets(folder: string): Secrets {
  return {
    keep: async (name, make) => keepSecret(folder, name, make),
    replace: async (name, { to }) => replaceSecret(folder, name, to),
    stamp: (names) => stampOf(folder, names),
  }
}

/** See `Secrets.stamp`. */
export async function stampOf(folder: string, names: readonly string[]): Promise<string> {
  const files = await Promise.all(names.map((name) => stat(join(folder, name))))
  return files.map(({ mtimeMs, ino, size }) => `${mtimeMs} ${ino} ${size}`).join(' ')
}

/** Reads a secret; undefined where there is none. @throws Fault data_unusable */
export function readSecret(file: string): Uint8Array | undefined {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (!found) return undefined
  if (!found.isFile() || (process.platform !== 'win32' && (found.mode & 0o077) !== 0)) {
    throw new Fault('data_unusable', {
      message: `The secret ${file} can be read by others, or is not a plain file.`,
      fix: `chmod 600 ${file}`,
    })
  }
  const bytes = readFileSync(file)
  if (bytes.length === 0) {
    throw new Fault('data_unusable', {
      message: `The secret ${file} is empty.`,
      fix: 'restore it from a backup; without it every API key and session is lost',
    })
  }
  return bytes
}
