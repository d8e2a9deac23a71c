// Signs an app package by the APK Signature Schemes v2 (Android 7) and v3 (Android 9), RSA with SHA-256.
// https://source.android.com/docs/security/features/apksigning/v2 and …/v3. "Block" below: a 32-bit length, then that many bytes.
import { createHash, createPublicKey, sign } from 'node:crypto'

const chunkBytes = 1 << 20
const rsaPkcs1Sha256 = 0x0103
const v2BlockId = 0x7109871a
const v3BlockId = 0xf05368c0
// An attribute inside v2 that says "a v3 signature was made too", so that nobody can strip v3 off unnoticed.
const strippingProtection = 0xbeeff00d
const v3FirstSdk = 28
const noLastSdk = 0x7fffffff

/** Takes packZip's three parts, an RSA private key and its certificate as DER; gives the bytes of the signed package. */
export function signPackage({ entries, directory, end }, { key, certificate }) {
  // The digest is defined with the end record pointing to where the signature begins: that is what `end` still says.
  const digest = contentDigest([entries, directory, end])
  const signer = {
    key,
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'der' }),
    digests: block(block(u32(rsaPkcs1Sha256), block(digest))),
    certificates: block(block(certificate)),
  }
  const signatures = signingBlock([
    [v2BlockId, v2Signers(signer)],
    [v3BlockId, v3Signers(signer)],
  ])
  const shiftedEnd = Buffer.from(end)
  shiftedEnd.writeUInt32LE(entries.length + signatures.length, 16)
  return Buffer.concat([entries, signatures, directory, shiftedEnd])
}

function contentDigest(parts) {
  const chunks = parts.flatMap(chunkDigests)
  return sha256(Buffer.from([0x5a]), u32(chunks.length), ...chunks)
}

function chunkDigests(part) {
  const digests = []
  for (let at = 0; at < part.length; at += chunkBytes) {
    const chunk = part.subarray(at, at + chunkBytes)
    digests.push(sha256(Buffer.from([0xa5]), u32(chunk.length), chunk))
  }
  return digests
}

function v2Signers({ key, publicKey, digests, certificates }) {
  const attributes = block(block(u32(strippingProtection), u32(3)))
  const signed = Buffer.concat([digests, certificates, attributes])
  return block(block(block(signed), signatureOver(signed, key), block(publicKey)))
}

function v3Signers({ key, publicKey, digests, certificates }) {
  const sdkRange = Buffer.concat([u32(v3FirstSdk), u32(noLastSdk)])
  const noAttributes = block()
  const signed = Buffer.concat([digests, certificates, sdkRange, noAttributes])
  return block(block(block(signed), sdkRange, signatureOver(signed, key), block(publicKey)))
}

function signatureOver(signed, key) {
  return block(block(u32(rsaPkcs1Sha256), block(sign('sha256', signed, key))))
}

function signingBlock(pairs) {
  const body = Buffer.concat(
    pairs.map(([id, value]) => Buffer.concat([u64(value.length + 4), u32(id), value])),
  )
  const magic = Buffer.from('APK Sig Block 42')
  const size = u64(body.length + 8 + magic.length)
  return Buffer.concat([size, body, size, magic])
}

function block(...parts) {
  const content = Buffer.concat(parts)
  return Buffer.concat([u32(content.length), content])
}

function u32(value) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function u64(value) {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function sha256(...parts) {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
