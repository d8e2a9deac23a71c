import { createHash, createPublicKey, verify, X509Certificate, constants } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { readAt } from '../../job/zip-directory.ts'
import type { ZipDirectory } from '../../job/zip-directory.ts'

/**
 * Who signed an apk: the subject of the certificate, once signature and contents were checked against it, by the rules of
 * the APK Signature Scheme v2 and v3 (source.android.com/docs/security/features/apksigning/v2 and /v3).
 */
export type ApkSignature =
  | { readonly kind: 'signed'; readonly subject: string }
  /** No v2 or v3 signature. A v1 (JAR) signature alone is not looked at. */
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'invalid'; readonly why: string }

/** The blocks that hold signers, best first: v3.1, v3, v2. */
const schemes = [
  { id: 0x1b93ad61, hasRange: true },
  { id: 0xf05368c0, hasRange: true },
  { id: 0x7109871a, hasRange: false },
]

interface Algorithm {
  readonly hash: 'sha256' | 'sha512'
  readonly isPss?: true
}

const algorithms: ReadonlyMap<number, Algorithm> = new Map<number, Algorithm>([
  [0x0101, { hash: 'sha256', isPss: true }],
  [0x0102, { hash: 'sha512', isPss: true }],
  [0x0103, { hash: 'sha256' }],
  [0x0104, { hash: 'sha512' }],
  [0x0201, { hash: 'sha256' }],
  [0x0202, { hash: 'sha512' }],
  [0x0301, { hash: 'sha256' }],
])

const blockSizeMax = 16 * 1024 ** 2
const chunkSize = 1024 ** 2

/** Reads and checks the first signer. Reads the whole file, a mebibyte at a time. */
export async function readApkSignature(file: FileHandle, zip: ZipDirectory): Promise<ApkSignature> {
  try {
    const block = await readSigningBlock(file, zip.offset)
    const scheme = schemes.find(({ id }) => block?.pairs.has(id))
    const signers = scheme && block?.pairs.get(scheme.id)
    if (!block || !scheme || !signers) return { kind: 'unsigned' }
    const signer = new Fields(new Fields(new Fields(signers).next()).next())
    return await checkSigner(signer, scheme.hasRange, (hash) =>
      digestContents(file, zip, block.offset, hash),
    )
  } catch (error) {
    // Lengths that lead out of the block (RangeError) and certificates that cannot be parsed end here.
    return { kind: 'invalid', why: error instanceof Error ? error.message : String(error) }
  }
}

interface SigningBlock {
  readonly offset: number
  readonly pairs: ReadonlyMap<number, Buffer>
}

async function readSigningBlock(
  file: FileHandle,
  directoryOffset: number,
): Promise<SigningBlock | undefined> {
  if (directoryOffset < 32) return undefined
  const foot = await readAt(file, directoryOffset - 24, 24)
  if (foot.toString('latin1', 8) !== 'APK Sig Block 42') return undefined
  const size = Number(foot.readBigUInt64LE(0))
  const offset = directoryOffset - size - 8
  if (size < 24 || size > blockSizeMax || offset < 0) return undefined
  const block = await readAt(file, offset, size - 16)
  // The size stands at both ends.
  if (Number(block.readBigUInt64LE(0)) !== size) return undefined
  return { offset, pairs: readPairs(block.subarray(8)) }
}

function readPairs(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const pairs = new Map<number, Buffer>()
  for (let at = 0; at + 12 <= bytes.length;) {
    const size = Number(bytes.readBigUInt64LE(at))
    if (size < 4 || at + 8 + size > bytes.length)
      throw new RangeError('its signing block is broken')
    pairs.set(bytes.readUInt32LE(at + 8), bytes.subarray(at + 12, at + 8 + size))
    at += 8 + size
  }
  return pairs
}

async function checkSigner(
  signer: Fields,
  hasRange: boolean,
  digestOf: (hash: Algorithm['hash']) => Promise<Buffer>,
): Promise<ApkSignature> {
  const signed = signer.next()
  const range = hasRange ? [signer.number(), signer.number()] : []
  const { id, bytes: signature } = pickKnown(signer.next())
  const key = createPublicKey({ key: signer.next(), format: 'der', type: 'spki' })
  const inner = new Fields(signed)
  const claimed = pickKnown(inner.next(), id)
  const certificate = new X509Certificate(new Fields(inner.next()).next())
  // The platforms that v3 names stand in the signed part too, and there they count.
  if (range.some((level) => level !== inner.number())) {
    return invalid('its range of platforms is not the one that was signed')
  }
  if (!certificate.publicKey.equals(key)) return invalid('its key is not that of its certificate')
  if (!verifies(signed, signature, claimed.algorithm, key))
    return invalid('its signature does not verify')
  if (!claimed.bytes.equals(await digestOf(claimed.algorithm.hash))) {
    return invalid('its contents are not those that were signed')
  }
  return { kind: 'signed', subject: certificate.subject.split('\n').join(', ') }
}

function invalid(why: string): ApkSignature {
  return { kind: 'invalid', why }
}

/** From a list of (algorithm, bytes): the first whose algorithm is known, or the one that is asked for. */
function pickKnown(
  list: Buffer,
  wanted?: number,
): { id: number; algorithm: Algorithm; bytes: Buffer } {
  for (const all = new Fields(list); !all.isAtEnd;) {
    const item = new Fields(all.next())
    const id = item.number()
    const algorithm = algorithms.get(id)
    if (algorithm && id === (wanted ?? id)) return { id, algorithm, bytes: item.next() }
  }
  throw new Error('it uses no signature algorithm that is known')
}

function verifies(
  signed: Buffer,
  signature: Buffer,
  algorithm: Algorithm,
  key: KeyObject,
): boolean {
  const padding = algorithm.isPss
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {}
  return verify(algorithm.hash, signed, { key, ...padding }, signature)
}

/**
 * The digest that is signed: over the digests of all mebibytes of the entries, the directory, and the end record. The last
 * counts as if the directory stood where the signing block stands.
 */
async function digestContents(
  file: FileHandle,
  zip: ZipDirectory,
  blockOffset: number,
  hash: Algorithm['hash'],
): Promise<Buffer> {
  const chunks: Buffer[] = []
  const digestChunk = (bytes: Buffer): void =>
    void chunks.push(createHash(hash).update(prefixed(0xa5, bytes.length)).update(bytes).digest())
  const sections = [
    { from: 0, to: blockOffset },
    { from: zip.offset, to: zip.endOffset },
  ]
  for (const { from, to } of sections) {
    for (let at = from; at < to; at += chunkSize) {
      digestChunk(await readAt(file, at, Math.min(chunkSize, to - at)))
    }
  }
  const end = await readAt(file, zip.endOffset, 65_557)
  end.writeUInt32LE(blockOffset, 16)
  digestChunk(end)
  return createHash(hash)
    .update(prefixed(0x5a, chunks.length))
    .update(Buffer.concat(chunks))
    .digest()
}

function prefixed(tag: number, count: number): Buffer {
  const bytes = Buffer.alloc(5)
  bytes.writeUInt8(tag)
  bytes.writeUInt32LE(count, 1)
  return bytes
}

/** Reads fields that each begin with their length (32 bits, little endian). Throws a RangeError beyond the end. */
class Fields {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  number(): number {
    this.#at += 4
    return this.#bytes.readUInt32LE(this.#at - 4)
  }

  next(): Buffer {
    const size = this.number()
    this.skip(size)
    if (this.#at > this.#bytes.length) throw new RangeError('its signing block is broken')
    return this.#bytes.subarray(this.#at - size, this.#at)
  }

  skip(size: number): void {
    this.#at += size
  }
}
