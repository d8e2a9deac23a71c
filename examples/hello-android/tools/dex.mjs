// Smali sources in, classes.dex out: format 037, which Android 7 and everything later reads.
// Layout: https://source.android.com/docs/core/runtime/dex-format
import { createHash } from 'node:crypto'
import { ByteWriter } from './byte-writer.mjs'
import { encodeMethod } from './dex-code.mjs'
import { numberNames, shortForm } from './dex-names.mjs'
import { BuildFault } from './fault.mjs'
import { isDirect, parseSmali, typeList } from './smali.mjs'

const headerBytes = 0x70
const littleEndian = 0x12345678
const noIndex = 0xffffffff
const section = {
  header: 0,
  strings: 1,
  types: 2,
  prototypes: 3,
  methods: 5,
  classes: 6,
  map: 0x1000,
  typeLists: 0x1001,
  classData: 0x2000,
  code: 0x2001,
  texts: 0x2002,
}

/** `sources`: [{ file, text }]. Throws a BuildFault with file and line for what it does not understand. */
export function assemble(sources) {
  const classes = sources.map(({ file, text }) => parseSmali(file, text))
  // The original assembler writes an empty, valid file here, and the app dies on the phone.
  if (!classes.length) throw new BuildFault('There is no .smali file to assemble.')
  const names = numberNames(classes)
  const tables = placeTables(names, classes)
  const data = writeData(names, classes, tables)
  return seal(writeHeader(tables, data), writeTables(names, classes, data), data.bytes)
}

// The tables of fixed-size rows follow the header; everything of varying size follows them.
function placeTables({ strings, types, prototypes, methods }, classes) {
  const rows = [
    ['strings', strings.length, 4],
    ['types', types.length, 4],
    ['prototypes', prototypes.length, 12],
    ['methods', methods.length, 8],
    ['classes', classes.length, 32],
  ]
  let at = headerBytes
  const tables = {}
  for (const [name, count, rowBytes] of rows) {
    tables[name] = { count, at }
    at += count * rowBytes
  }
  return { ...tables, end: at }
}

function writeData(names, classes, tables) {
  const out = new ByteWriter(tables.end)
  const map = ['strings', 'types', 'prototypes', 'methods', 'classes'].map((name) => [
    section[name],
    tables[name].count,
    tables[name].at,
  ])
  // Writes one section and gives the place of each of its items.
  const write = (kind, items, align, writeItem) => {
    const offsets = new Map()
    for (const item of items) {
      out.align(align)
      if (!offsets.size) map.push([section[kind], items.length, out.offset])
      offsets.set(item, out.offset)
      writeItem(item)
    }
    return offsets
  }
  const lists = [...new Set(names.prototypes.map((p) => p.parameters.join('')))].filter(Boolean)
  const typeLists = write('typeLists', lists, 4, (list) =>
    writeTypeList(out, typeList(list), names),
  )
  const code = write(
    'code',
    classes.flatMap((one) => one.methods),
    4,
    (method) => writeCode(out, encodeMethod(method, names.number)),
  )
  const texts = write('texts', names.strings, 1, (text) =>
    out.uleb(text.length).bytes(Buffer.from(text)).u8(0),
  )
  const classData = write('classData', classes, 1, (one) => writeClassData(out, one, code, names))
  out.align(4)
  const mapAt = out.offset
  writeMap(out, [[section.header, 1, 0], ...map, [section.map, 1, mapAt]])
  return { bytes: out.toBuffer(), mapAt, typeLists, texts, classData }
}

function writeTypeList(out, types, { number }) {
  out.u32(types.length)
  for (const type of types) out.u16(number.type(type))
}

function writeCode(out, { registers, incoming, outgoing, units }) {
  const [tryBlocks, debugInfo] = [0, 0]
  out.u16(registers).u16(incoming).u16(outgoing).u16(tryBlocks).u32(debugInfo).u32(units.length)
  for (const unit of units) out.u16(unit)
}

function writeClassData(out, { methods }, code, { number }) {
  const sorted = [...methods].sort((a, b) => number.method(a) - number.method(b))
  const direct = sorted.filter(isDirect)
  const virtual = sorted.filter((method) => !isDirect(method))
  const [staticFields, instanceFields] = [0, 0]
  out.uleb(staticFields).uleb(instanceFields).uleb(direct.length).uleb(virtual.length)
  for (const list of [direct, virtual]) {
    let previous = 0
    for (const method of list) {
      out
        .uleb(number.method(method) - previous)
        .uleb(method.flags)
        .uleb(code.get(method))
      previous = number.method(method)
    }
  }
}

function writeMap(out, rows) {
  out.u32(rows.length)
  for (const [kind, count, at] of rows) out.u16(kind).u16(0).u32(count).u32(at)
}

function writeTables(
  { strings, types, prototypes, methods, number },
  classes,
  { texts, typeLists, classData },
) {
  const out = new ByteWriter(headerBytes)
  for (const text of strings) out.u32(texts.get(text))
  for (const type of types) out.u32(number.string(type))
  for (const one of prototypes) {
    out
      .u32(number.string(shortForm(one)))
      .u32(number.type(one.returns))
      .u32(typeLists.get(one.parameters.join('')) ?? 0)
  }
  for (const one of methods)
    out.u16(number.type(one.owner)).u16(number.prototype(one)).u32(number.string(one.name))
  const [interfaces, annotations, staticValues] = [0, 0, 0]
  for (const one of classes) {
    out.u32(number.type(one.type)).u32(one.flags).u32(number.type(one.parent)).u32(interfaces)
    out.u32(noIndex).u32(annotations).u32(classData.get(one)).u32(staticValues)
  }
  return out.toBuffer()
}

// Everything of the header that follows the checksum and the hash.
function writeHeader(tables, { bytes, mapAt }) {
  const out = new ByteWriter()
  const [linkBytes, linkAt, fieldCount, fieldsAt] = [0, 0, 0, 0]
  out
    .u32(tables.end + bytes.length)
    .u32(headerBytes)
    .u32(littleEndian)
    .u32(linkBytes)
    .u32(linkAt)
    .u32(mapAt)
  for (const name of ['strings', 'types', 'prototypes'])
    out.u32(tables[name].count).u32(tables[name].at)
  out.u32(fieldCount).u32(fieldsAt)
  for (const name of ['methods', 'classes']) out.u32(tables[name].count).u32(tables[name].at)
  return out.u32(bytes.length).u32(tables.end).toBuffer()
}

function seal(header, tables, data) {
  const hashed = Buffer.concat([header, tables, data])
  const summed = Buffer.concat([createHash('sha1').update(hashed).digest(), hashed])
  const sum = Buffer.alloc(4)
  sum.writeUInt32LE(adler32(summed))
  return Buffer.concat([Buffer.from('dex\n037\0'), sum, summed])
}

function adler32(bytes) {
  let low = 1
  let high = 0
  for (const byte of bytes) {
    low = (low + byte) % 65521
    high = (high + low) % 65521
  }
  return ((high << 16) | low) >>> 0
}
