// What holds of the example's app package on any machine with Node and aapt2. What other people's
// tools say about it is in foreign-tools.test.ts.
import { createHash } from 'node:crypto'
import { cp, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { entriesOf, verifySignatures } from './apk-reader.ts'
import { readDex } from './dex-reader.ts'
import { build, exampleFolder, smallBuild, temporaryFolder } from './example.ts'
import type { Ran } from './example.ts'

const temporary = await temporaryFolder()
const keys = join(temporary.path, 'keys')
const out = join(temporary.path, 'app.apk')
let ran: Ran
let apk: Buffer

beforeAll(async () => {
  ran = await build(['--toolchain', 'small', '--out', out], await smallBuild(keys))
  expect(ran).toMatchObject({ exitCode: 0, stderr: '' })
  apk = await readFile(out)
})

afterAll(async () => {
  await temporary[Symbol.asyncDispose]()
})

describe('the signature', () => {
  test('is made by scheme v2 and by v3, over these very bytes', () => {
    const signatures = verifySignatures(apk)
    expect(signatures.map(({ scheme }) => scheme)).toEqual(['v2', 'v3'])
    expect(new Set(signatures.map(({ signer }) => signer)).size).toBe(1)
  })

  test('v2 says that v3 is there too, so that v3 cannot be taken off unnoticed', () => {
    const [v2] = verifySignatures(apk)
    const attribute = v2?.signed.block().block()
    expect(attribute?.u32()).toBe(0xbeeff00d)
    expect(attribute?.u32()).toBe(3)
  })

  test('fails when any one byte outside the signing block is changed', () => {
    const blockEnd = apk.readUInt32LE(apk.length - 6)
    const blockStart = blockEnd - 8 - Number(apk.readBigUInt64LE(blockEnd - 24))
    // Every 7th byte of the entries and the directory. The end record is left out of the loop: most
    // changes there make the archive unreadable before its signature is looked at.
    const places = [...Array(apk.length - 22).keys()].filter((at) => at % 7 === 0)
    const outside = places.filter((at) => at < blockStart || at >= blockEnd)
    expect(outside.length).toBeGreaterThan(500)
    for (const at of outside) expect(() => verifySignatures(changed(at)), `byte ${at}`).toThrow()
  })

  test('fails when the signed digest is changed together with the content', () => {
    const digestAt = apk.indexOf(contentDigestOf(apk))
    expect(digestAt).toBeGreaterThan(0)
    expect(() => verifySignatures(changed(digestAt))).toThrow('the signature does not fit')
  })

  function changed(at: number): Buffer {
    const copy = Buffer.from(apk)
    copy.writeUInt8(copy.readUInt8(at) ^ 0x01, at)
    return copy
  }

  // The first digest in the package: signer, signed data, digests, digest, algorithm, bytes.
  function contentDigestOf(bytes: Buffer): Buffer {
    const [v2] = verifySignatures(bytes)
    return Buffer.from(v2?.signed.bytes.subarray(16, 48) ?? [])
  }
})

describe('the archive', () => {
  test('holds the manifest, the code, the resources and the pages', () => {
    const names = entriesOf(apk).map(({ name }) => name)
    expect(names).toEqual(
      expect.arrayContaining([
        'AndroidManifest.xml',
        'classes.dex',
        'resources.arsc',
        'assets/app/index.html',
        'assets/app/app.js',
      ]),
    )
  })

  test('has resources.arsc stored, not deflated, on a multiple of 4 (Android 11)', () => {
    const resources = entriesOf(apk).find(({ name }) => name === 'resources.arsc')
    expect(resources).toMatchObject({ stored: true })
    expect((resources?.dataOffset ?? 1) % 4).toBe(0)
  })

  test('has every page exactly as it lies in app/assets', async () => {
    for (const name of ['index.html', 'app.js']) {
      const source = await readFile(join(exampleFolder, 'app', 'assets', 'app', name))
      expect(content(`assets/app/${name}`)).toEqual(source)
    }
  })

  test('has a classes.dex whose checksum, hash and size are right', () => {
    expect(readDex(content('classes.dex'))).toContain('Lorg/norrix/hello/MainActivity;')
  })

  function content(name: string): Buffer {
    const entry = entriesOf(apk).find((one) => one.name === name)
    if (!entry) throw new Error(`no ${name} in the package`)
    const packed = apk.subarray(entry.dataOffset, entry.dataOffset + entry.packedBytes)
    return entry.stored ? packed : inflateRawSync(packed)
  }
})

describe('a second build', () => {
  test('with the same key and aapt2, from another folder, gives the same bytes', async () => {
    const copy = join(temporary.path, 'elsewhere')
    await cp(exampleFolder, copy, {
      recursive: true,
      filter: (source) => !/[/\\](?:build|\.aapt2)$/.test(source),
    })
    const again = await build(['--toolchain', 'small'], await smallBuild(keys), copy)
    expect(again).toMatchObject({ exitCode: 0 })
    expect(await readFile(join(copy, 'build', 'app-release.apk'))).toEqual(apk)
    expect(again.stdout).not.toContain('new:')
  })

  test('with a new key differs in its signer alone', async () => {
    const other = join(temporary.path, 'other.apk')
    const env = await smallBuild(join(temporary.path, 'other-keys'))
    await build(['--toolchain', 'small', '--out', other], env)
    const otherApk = await readFile(other)
    const signed = apk.readUInt32LE(apk.length - 6)
    const blockStart = signed - 8 - Number(apk.readBigUInt64LE(signed - 24))
    expect(otherApk.subarray(0, blockStart)).toEqual(apk.subarray(0, blockStart))
    expect(verifySignatures(otherApk)[0]?.certificate).not.toEqual(
      verifySignatures(apk)[0]?.certificate,
    )
  })

  test('takes build type, version and number from the environment that a runner sets', async () => {
    const folder = join(temporary.path, 'from-env')
    const env = {
      ...(await smallBuild(keys)),
      NORRIX_BUILD_TYPE: 'debug',
      NORRIX_VERSION: '1.2.0',
      NORRIX_BUILD_NUMBER: '7',
    }
    const made = await build(['--toolchain', 'small', '--out', join(folder, 'a.apk')], env)
    expect(made.stdout).toContain('hello-android 1.2.0 (7) debug')
    expect(await readdir(folder), 'no working folder is left behind').toEqual(['a.apk'])
  })
})

test('what the build prints at its end is true', () => {
  const [{ signer, certificate } = { signer: '', certificate: Buffer.alloc(0) }] =
    verifySignatures(apk)
  expect(ran.stdout).toContain(apk.length.toLocaleString('en'))
  expect(ran.stdout).toContain(createHash('sha256').update(apk).digest('hex'))
  expect(ran.stdout).toContain(createHash('sha256').update(certificate).digest('hex'))
  expect(ran.stdout).toContain(signer)
})

test.skipIf(process.platform === 'win32')('a new key is readable by its owner only', async () => {
  expect((await stat(join(keys, 'key.pem'))).mode & 0o777).toBe(0o600)
})
