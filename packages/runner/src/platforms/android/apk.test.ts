import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readZipDirectory } from '../../job/zip-directory.ts'
import { readApkSignature } from './apk.ts'
import type { ApkSignature } from './apk.ts'

let folder = ''
beforeEach(() => void (folder = mkdtempSync(path.join(tmpdir(), 'norrix-apk-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function read(apk: Buffer): Promise<ApkSignature> {
  writeFileSync(path.join(folder, 'a.apk'), apk)
  const file = await open(path.join(folder, 'a.apk'))
  try {
    const zip = await readZipDirectory(file)
    if (!zip) throw new Error('The test made no zip.')
    return await readApkSignature(file, zip)
  } finally {
    await file.close()
  }
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
const u64 = (value: number): Buffer => Buffer.concat([u32(value), u32(0)])
const field = (...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([u32(Buffer.concat(parts).length), ...parts])
const sha256 = (...parts: readonly Buffer[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest()

/** DER: a tag, its length in two bytes' long form, its contents. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag, 0x82, body.length >> 8, body.length & 255]), body])
}

interface Identity {
  readonly key: KeyObject
  readonly certificate: Buffer
}

/** A self-signed P-256 certificate (RFC 5280) with two parts in its subject. */
function identity(): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ecdsa = der(0x30, Buffer.from('06082a8648ce3d040302', 'hex'))
  const part = (oid: string, value: string): Buffer =>
    der(0x31, der(0x30, Buffer.from(oid, 'hex'), der(0x0c, Buffer.from(value))))
  const name = der(0x30, part('0603550403', 'Hello'), part('060355040a', 'Acme'))
  const times = der(
    0x30,
    der(0x18, Buffer.from('20260101000000Z')),
    der(0x18, Buffer.from('20560101000000Z')),
  )
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const body = der(
    0x30,
    der(0xa0, Buffer.from('020102', 'hex')),
    Buffer.from('020101', 'hex'),
    ecdsa,
    name,
    times,
    name,
    spki,
  )
  return {
    key: privateKey,
    certificate: der(
      0x30,
      body,
      ecdsa,
      der(0x03, Buffer.from([0]), sign('sha256', body, privateKey)),
    ),
  }
}

/** An apk of one stored entry, larger than one chunk, signed by scheme v2 and, unless told otherwise, v3. */
function apk(
  { key, certificate }: Identity,
  schemes: readonly ('v2' | 'v3')[] = ['v2', 'v3'],
  body = Buffer.alloc(1_500_000, 7),
): Buffer {
  const name = Buffer.from('classes.dex')
  const local = Buffer.concat([
    u32(0x04034b50),
    Buffer.alloc(22),
    Buffer.from([name.length, 0, 0, 0]),
    name,
    body,
  ])
  const directory = Buffer.concat([
    u32(0x02014b50),
    Buffer.alloc(24),
    Buffer.from([name.length, 0]),
    Buffer.alloc(16),
    name,
  ])
  const end = (at: number): Buffer =>
    Buffer.concat([
      u32(0x06054b50),
      Buffer.alloc(8),
      u32(directory.length),
      u32(at),
      Buffer.alloc(2),
    ])
  const chunks = [local.subarray(0, 1 << 20), local.subarray(1 << 20), directory, end(local.length)]
    .filter((chunk) => chunk.length > 0)
    .map((chunk) => sha256(Buffer.from([0xa5]), u32(chunk.length), chunk))
  const digest = sha256(Buffer.from([0x5a]), u32(chunks.length), ...chunks)
  const algorithm = u32(0x0201)
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const range = Buffer.concat([u32(24), u32(0x7fffffff)])
  const signer = (between: Buffer): Buffer => {
    const signed = Buffer.concat([
      field(field(algorithm, field(digest))),
      field(field(certificate)),
      between,
      field(),
    ])
    const signature = sign('sha256', signed, key)
    return field(
      field(field(signed), between, field(field(algorithm, field(signature))), field(spki)),
    )
  }
  const values = {
    v2: [0x7109871a, signer(Buffer.alloc(0))],
    v3: [0xf05368c0, signer(range)],
  } as const
  const pairs = schemes
    .map((scheme) => values[scheme])
    .map(([id, value]) => Buffer.concat([u64(value.length + 4), u32(id), value]))
  const size = u64(Buffer.concat(pairs).length + 24)
  const block = Buffer.concat([size, ...pairs, size, Buffer.from('APK Sig Block 42')])
  return Buffer.concat([local, block, directory, end(local.length + block.length)])
}

test.each([[['v2', 'v3']], [['v2']], [['v3']]] as const)(
  'the signer of an apk signed by %s is told',
  async (schemes) => {
    expect(await read(apk(identity(), schemes))).toEqual({
      kind: 'signed',
      subject: 'CN=Hello, O=Acme',
    })
  },
)

test('a changed byte in the entries, the directory or the end is noticed', async () => {
  const good = apk(identity())
  for (const at of [100, 1_400_000, good.length - 40, good.length - 18]) {
    const bad = Buffer.from(good)
    bad.writeUInt8(bad.readUInt8(at) ^ 1, at)
    expect(await read(bad)).toEqual({
      kind: 'invalid',
      why: 'its contents are not those that were signed',
    })
  }
})

test('a certificate that the signature was not made with names nobody', async () => {
  const honest = identity()
  expect(await read(apk({ key: honest.key, certificate: identity().certificate }))).toEqual({
    kind: 'invalid',
    why: 'its key is not that of its certificate',
  })
})

test('a changed byte anywhere in the signing block never passes and never throws', async () => {
  const good = apk(identity(), ['v3'], Buffer.alloc(0))
  const start = 41
  const blockEnd = good.indexOf('APK Sig Block 42')
  for (let at = start; at < blockEnd; at += 7) {
    const bad = Buffer.from(good)
    bad.writeUInt8(bad.readUInt8(at) ^ 0x41, at)
    const signature = await read(bad)
    if (signature.kind === 'signed') throw new Error(`byte ${at} passed`)
  }
})
