// Reads and verifies an app package from the published format alone. It shares no line with the
// example's own packer and signer: what those two get wrong together must not pass here.
// https://source.android.com/docs/security/features/apksigning/v2 and …/v3
import { createHash, createPublicKey, verify, X509Certificate } from 'node:crypto'

export type Entry = { name: string; stored: boolean; dataOffset: number; packedBytes: number }
export type Signature = { scheme: 'v2' | 'v3'; signer: string; certificate: Buffer; signed: Reader }

const schemeOf = new Map<number, 'v2' | 'v3'>([
  [0x7109871a, 'v2'],
  [0xf05368c0, 'v3'],
])
const rsaPkcs1Sha256 = 0x0103

/** Bytes read from the front, in little-endian numbers and length-prefixed blocks. */
export class Reader {
  readonly bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get done(): boolean {
    return this.#at >= this.bytes.length
  }

  take(count: number): Buffer {
    if (this.#at + count > this.bytes.length)
      throw new Error('a block is longer than what holds it')
    this.#at += count
    return this.bytes.subarray(this.#at - count, this.#at)
  }

  u32(): number {
    return this.take(4).readUInt32LE()
  }

  block(): Reader {
    return new Reader(this.take(this.u32()))
  }
}

/** The entries, in the order of the central directory. */
export function entriesOf(apk: Buffer): Entry[] {
  const end = endRecordAt(apk)
  const list: Entry[] = []
  let at = apk.readUInt32LE(end + 16)
  for (let count = apk.readUInt16LE(end + 10); count > 0; count--) {
    const lengths = [28, 30, 32].map((field) => apk.readUInt16LE(at + field))
    const name = apk.toString('utf8', at + 46, at + 46 + apk.readUInt16LE(at + 28))
    const local = apk.readUInt32LE(at + 42)
    list.push({
      name,
      stored: apk.readUInt16LE(at + 10) === 0,
      dataOffset: local + 30 + apk.readUInt16LE(local + 26) + apk.readUInt16LE(local + 28),
      packedBytes: apk.readUInt32LE(at + 20),
    })
    at += 46 + lengths.reduce((sum, length) => sum + length, 0)
  }
  return list
}

/** Checks every signature in the package; throws an Error that names the first thing that is wrong. */
export function verifySignatures(apk: Buffer): Signature[] {
  const end = endRecordAt(apk)
  const directoryAt = apk.readUInt32LE(end + 16)
  if (apk.toString('latin1', directoryAt - 16, directoryAt) !== 'APK Sig Block 42') {
    throw new Error('no signing block before the central directory')
  }
  const blockBytes = Number(apk.readBigUInt64LE(directoryAt - 24))
  const blockAt = directoryAt - blockBytes - 8
  if (Number(apk.readBigUInt64LE(blockAt)) !== blockBytes) throw new Error('two sizes of one block')
  const digest = contentDigest(apk, { blockAt, directoryAt, end })
  const pairs = new Reader(apk.subarray(blockAt + 8, directoryAt - 24))
  const signatures: Signature[] = []
  while (!pairs.done) {
    const pair = new Reader(pairs.take(Number(pairs.take(8).readBigUInt64LE())))
    const scheme = schemeOf.get(pair.u32())
    if (scheme) signatures.push(verifySigner(scheme, pair.block().block(), digest))
  }
  return signatures
}

function verifySigner(scheme: 'v2' | 'v3', signer: Reader, digest: Buffer): Signature {
  const signed = signer.block()
  const range = scheme === 'v3' ? signer.take(8) : Buffer.alloc(0)
  const signature = signer.block().block()
  const algorithm = signature.u32()
  const publicKey = signer.block().bytes
  if (algorithm !== rsaPkcs1Sha256) throw new Error(`${scheme}: algorithm ${algorithm} not known`)
  const key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' })
  if (!verify('sha256', signed.bytes, key, signature.block().bytes)) {
    throw new Error(`${scheme}: the signature does not fit the signed data`)
  }
  const signedDigest = signed.block().block()
  if (signedDigest.u32() !== algorithm) throw new Error(`${scheme}: two algorithms`)
  if (!signedDigest.block().bytes.equals(digest))
    throw new Error(`${scheme}: the content was changed`)
  const certificate = new X509Certificate(signed.block().block().bytes)
  const certified = certificate.publicKey.export({ type: 'spki', format: 'der' })
  if (!certified.equals(publicKey)) throw new Error(`${scheme}: the certificate has another key`)
  if (!certificate.verify(certificate.publicKey))
    throw new Error('the certificate is not self-signed')
  if (scheme === 'v3' && !signed.take(8).equals(range)) throw new Error('v3: two ranges')
  return { scheme, signer: certificate.subject, certificate: certificate.raw, signed }
}

// Chunks of 1 MiB of the entries, the directory and the end record; the end record is taken with the
// directory standing where the signing block stands.
function contentDigest(
  apk: Buffer,
  at: { blockAt: number; directoryAt: number; end: number },
): Buffer {
  const endRecord = Buffer.from(apk.subarray(at.end))
  endRecord.writeUInt32LE(at.blockAt, 16)
  const parts = [apk.subarray(0, at.blockAt), apk.subarray(at.directoryAt, at.end), endRecord]
  const chunks = parts.flatMap((part) =>
    Array.from({ length: Math.ceil(part.length / 1048576) }, (_, index) => {
      const chunk = part.subarray(index * 1048576, (index + 1) * 1048576)
      return prefixedHash(0xa5, chunk.length, chunk)
    }),
  )
  return prefixedHash(0x5a, chunks.length, Buffer.concat(chunks))
}

function prefixedHash(first: number, count: number, rest: Buffer): Buffer {
  const prefix = Buffer.alloc(5, first)
  prefix.writeUInt32LE(count, 1)
  return createHash('sha256').update(prefix).update(rest).digest()
}

function endRecordAt(apk: Buffer): number {
  const at = apk.length - 22
  if (apk.readUInt32LE(at) !== 0x06054b50) throw new Error('no end record, or one with a comment')
  return at
}
