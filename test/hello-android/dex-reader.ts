// What a dex file says about itself, read from the published layout alone.
// https://source.android.com/docs/core/runtime/dex-format
import { createHash } from 'node:crypto'

/** Throws an Error that names the first field of the header that does not hold. Gives the strings. */
export function readDex(dex: Buffer): string[] {
  const magic = dex.toString('latin1', 0, 8)
  if (magic !== 'dex\n037\0') throw new Error(`magic ${JSON.stringify(magic)}`)
  if (dex.readUInt32LE(8) !== adler32(dex.subarray(12))) throw new Error('checksum')
  const sha1 = createHash('sha1').update(dex.subarray(32)).digest()
  if (!dex.subarray(12, 32).equals(sha1)) throw new Error('signature')
  if (dex.readUInt32LE(32) !== dex.length) throw new Error('file size')
  const count = dex.readUInt32LE(0x38)
  const table = dex.readUInt32LE(0x3c)
  return Array.from({ length: count }, (_, index) =>
    stringAt(dex, dex.readUInt32LE(table + 4 * index)),
  )
}

/** The same file with two neighbouring string ids exchanged and the checksums made right again. */
export function withSwappedStrings(dex: Buffer): Buffer {
  const copy = Buffer.from(dex)
  const table = copy.readUInt32LE(0x3c)
  const [first, second] = [copy.readUInt32LE(table), copy.readUInt32LE(table + 4)]
  copy.writeUInt32LE(second, table)
  copy.writeUInt32LE(first, table + 4)
  createHash('sha1').update(copy.subarray(32)).digest().copy(copy, 12)
  copy.writeUInt32LE(adler32(copy.subarray(12)), 8)
  return copy
}

// One byte of length is enough for this app's strings; a longer one would show as a wrong text.
function stringAt(dex: Buffer, at: number): string {
  return dex.toString('latin1', at + 1, dex.indexOf(0, at + 1))
}

// RFC 1950 section 8.2.
function adler32(bytes: Buffer): number {
  let low = 1n
  let high = 0n
  for (const byte of bytes) {
    low = (low + BigInt(byte)) % 65521n
    high = (high + low) % 65521n
  }
  return Number((high << 16n) | low)
}
