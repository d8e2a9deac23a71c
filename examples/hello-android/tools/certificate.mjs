// A self-signed X.509 certificate, written out in DER by hand: Node can read certificates but not make them.
// RFC 5280 section 4.1 has the structure; it has no extensions, so it is version 1, which is the default and not written.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

const tag = {
  integer: 0x02,
  bits: 0x03,
  null: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  anyTime: 0x18,
  sequence: 0x30,
  set: 0x31,
}
const oid = {
  commonName: Buffer.from([0x55, 0x04, 0x03]), // 2.5.4.3
  sha256WithRsa: Buffer.from([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]), // 1.2.840.113549.1.1.11
}
const yearsValid = 30

/** A fresh RSA key and its certificate, both as PEM text. */
export function makeIdentity(commonName, now = new Date()) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const algorithm = sequence(der(tag.oid, oid.sha256WithRsa), der(tag.null))
  const name = sequence(
    der(tag.set, sequence(der(tag.oid, oid.commonName), der(tag.utf8, Buffer.from(commonName)))),
  )
  const content = sequence(
    der(tag.integer, serialNumber()),
    algorithm,
    name,
    sequence(time(now), time(yearsLater(now))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const noSpareBits = Buffer.from([0])
  const signature = der(tag.bits, noSpareBits, sign('sha256', content, privateKey))
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    certificate: pem(sequence(content, algorithm, signature)),
  }
}

// Positive and without a leading zero byte, as DER asks of an integer.
function serialNumber() {
  const serial = randomBytes(8)
  serial[0] = (serial[0] & 0x3f) | 0x40
  return serial
}

function yearsLater(date) {
  const later = new Date(date)
  later.setUTCFullYear(date.getUTCFullYear() + yearsValid)
  return later
}

function time(date) {
  const digits = date.toISOString().slice(0, 19).replace(/\D/g, '')
  // RFC 5280 section 4.1.2.5: a year of two digits up to 2049, of four from 2050.
  return date.getUTCFullYear() < 2050
    ? der(tag.utcTime, Buffer.from(`${digits.slice(2)}Z`))
    : der(tag.anyTime, Buffer.from(`${digits}Z`))
}

function sequence(...parts) {
  return der(tag.sequence, ...parts)
}

function der(kind, ...parts) {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([kind]), derLength(content.length), content])
}

function derLength(length) {
  if (length < 0x80) return Buffer.from([length])
  const bytes = Buffer.from(length.toString(16).padStart(length > 0xff ? 4 : 2, '0'), 'hex')
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes])
}

function pem(bytes) {
  const lines = bytes
    .toString('base64')
    .match(/.{1,64}/g)
    .join('\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}
