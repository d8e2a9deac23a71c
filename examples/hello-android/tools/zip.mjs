// ZIP, as far as an app package needs it: no encryption, no zip64, no comments.
// Layout: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
import * as zlib from 'node:zlib'
import { BuildFault } from './fault.mjs'

const localHeaderBytes = 30
const directoryRecordBytes = 46
const endRecordBytes = 22
// Every entry is dated 1981-01-01 00:00, so that the same content always gives the same bytes.
const fixedDate = 0x0221
const namesAreUtf8 = 0x0800
// zipalign's own extra field: two bytes of alignment, then padding.
const alignmentField = 0xd935

/** Gives [{ name, data, stored }], data unpacked, in the order of the directory. */
export function readZip(zip) {
  const end = zip.lastIndexOf('PK\x05\x06', zip.length - endRecordBytes, 'latin1')
  if (end < 0) throw new BuildFault('aapt2 wrote something that is no ZIP file.')
  const entries = []
  let at = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const nameBytes = zip.readUInt16LE(at + 28)
    entries.push(readEntry(zip, at, nameBytes))
    at += directoryRecordBytes + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  return entries
}

function readEntry(zip, at, nameBytes) {
  const name = zip.toString(
    'utf8',
    at + directoryRecordBytes,
    at + directoryRecordBytes + nameBytes,
  )
  const stored = zip.readUInt16LE(at + 10) === 0
  const local = zip.readUInt32LE(at + 42)
  const start =
    local + localHeaderBytes + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
  const packed = zip.subarray(start, start + zip.readUInt32LE(at + 20))
  return { name, stored, data: stored ? packed : zlib.inflateRawSync(packed) }
}

/**
 * Gives the three parts of the archive that an APK signature covers one by one: { entries, directory, end }.
 * Stored entries start on a multiple of 4, which Android asks of resources.arsc since targetSdk 30.
 */
export function packZip(list) {
  const entries = []
  const directory = []
  let offset = 0
  for (const entry of list) {
    const name = Buffer.from(entry.name)
    const packed = entry.stored ? entry.data : zlib.deflateRawSync(entry.data, { level: 9 })
    const padding = entry.stored
      ? alignmentPadding(offset + localHeaderBytes + name.length)
      : Buffer.alloc(0)
    const shared = sharedFields(entry, packed, name)
    const local = localHeader(shared, padding)
    entries.push(local, name, padding, packed)
    directory.push(directoryRecord(shared, offset), name)
    offset += local.length + name.length + padding.length + packed.length
  }
  const directoryBytes = Buffer.concat(directory)
  return {
    entries: Buffer.concat(entries),
    directory: directoryBytes,
    end: endRecord(list.length, directoryBytes.length, offset),
  }
}

function alignmentPadding(offset) {
  const field = Buffer.alloc(6 + ((4 - ((offset + 6) % 4)) % 4))
  field.writeUInt16LE(alignmentField, 0)
  field.writeUInt16LE(field.length - 4, 2)
  field.writeUInt16LE(4, 4)
  return field
}

// The 24 bytes, from "version needed" to "name length", that a local header and a directory record have in common.
function sharedFields(entry, packed, name) {
  const fields = Buffer.alloc(24)
  fields.writeUInt16LE(20, 0)
  fields.writeUInt16LE(namesAreUtf8, 2)
  fields.writeUInt16LE(entry.stored ? 0 : 8, 4)
  fields.writeUInt16LE(fixedDate, 8)
  fields.writeUInt32LE(crc32(entry.data), 10)
  fields.writeUInt32LE(packed.length, 14)
  fields.writeUInt32LE(entry.data.length, 18)
  fields.writeUInt16LE(name.length, 22)
  return fields
}

function localHeader(shared, padding) {
  const header = Buffer.alloc(localHeaderBytes)
  header.write('PK\x03\x04', 'latin1')
  shared.copy(header, 4)
  header.writeUInt16LE(padding.length, 28)
  return header
}

function directoryRecord(shared, offset) {
  const record = Buffer.alloc(directoryRecordBytes)
  record.write('PK\x01\x02', 'latin1')
  record.writeUInt16LE(20, 4)
  shared.copy(record, 6)
  record.writeUInt32LE(offset, 42)
  return record
}

function endRecord(count, directoryBytes, directoryOffset) {
  const record = Buffer.alloc(endRecordBytes)
  record.write('PK\x05\x06', 'latin1')
  record.writeUInt16LE(count, 8)
  record.writeUInt16LE(count, 10)
  record.writeUInt32LE(directoryBytes, 12)
  record.writeUInt32LE(directoryOffset, 16)
  return record
}

// zlib.crc32 came with Node 20.15; this example runs on any Node 20.
const crc32 = zlib.crc32 ?? slowCrc32

function slowCrc32(data) {
  let crc = ~0
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}
