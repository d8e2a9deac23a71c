import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createGzip, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { create } from 'tar'
import { unpack, unpackLimits } from './unpack.ts'
import { staysInside } from './unpack-names.ts'

// Threat T82. The archives are written header by header (ustar, POSIX.1-1988), for no tool would make most of them.

interface Entry {
  readonly name: string
  readonly type?: string
  readonly body?: string
  readonly link?: string
  readonly mode?: number
  /** What the header says, where that is a lie. */
  readonly size?: number
}

let base = ''
let target = ''
beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), 'norrix-unpack-'))
  target = path.join(base, 'in', 'target')
  mkdirSync(target, { recursive: true })
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

function header(entry: Entry): Buffer {
  const block = Buffer.alloc(512)
  const octal = (value: number, at: number, size: number): void =>
    void block.write(`${value.toString(8).padStart(size - 1, '0')}\0`, at, 'latin1')
  block.write(entry.name, 0, 100)
  octal(entry.mode ?? 0o644, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(entry.size ?? Buffer.byteLength(entry.body ?? ''), 124, 12)
  octal(0, 136, 12)
  block.write('        ', 148)
  block.write(entry.type ?? '0', 156)
  block.write(entry.link ?? '', 157, 100)
  block.write('ustar\x0000', 257, 'latin1')
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  )
  return block
}

function tar(...entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap((entry) => {
    const body = Buffer.from(entry.body ?? '')
    return [header(entry), body, Buffer.alloc((512 - (body.length % 512)) % 512)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

/** A pax record that gives the next entry a name which no plain header can hold. */
function paxName(name: string): Entry {
  const rest = ` path=${name}\n`
  let length = Buffer.byteLength(rest)
  while (Buffer.byteLength(`${length}${rest}`) !== length) length++
  return { name: 'pax', type: 'x', body: `${length}${rest}` }
}

async function refusal(bytes: Buffer, limits = unpackLimits): Promise<string> {
  writeFileSync(path.join(base, 'a.tgz'), bytes)
  rmSync(target, { recursive: true })
  mkdirSync(target)
  const error: unknown = await unpack(path.join(base, 'a.tgz'), target, limits).then(
    () => undefined,
    (caught: unknown) => caught,
  )
  expect(existsSync(path.join(base, 'evil'))).toBe(false)
  expect(existsSync(path.join(base, 'in', 'evil'))).toBe(false)
  if (!(error instanceof Error)) return 'accepted'
  expect(error.message).toMatch(/^[A-Z"].*\.$/s)
  expect(error.message).not.toMatch(/\p{Cc}/u)
  return 'code' in error ? String(error.code) : error.message
}

const file = (name: string, body = 'x'): Entry => ({ name, body })
const link = (name: string, to: string): Entry => ({ name, type: '2', link: to })

const corpus: readonly (readonly [string, string, readonly Entry[]])[] = [
  ['an absolute path', 'absolute_path', [file('/evil')]],
  ['an absolute path of Windows', 'absolute_path', [file('C:/evil')]],
  ['a network path of Windows', 'absolute_path', [file('\\\\host\\share')]],
  ['an absolute path in a pax record', 'absolute_path', [paxName('/evil'), file('good')]],
  ['a path that climbs', 'parent_path', [file('../evil')]],
  ['a path that climbs in the middle', 'parent_path', [file('a/../../evil')]],
  ['a climbing path in a pax record', 'parent_path', [paxName('../evil'), file('good')]],
  ['a folder that climbs', 'parent_path', [{ name: '../evil/', type: '5' }]],
  ['a name with a backslash', 'bad_name', [file('a\\..\\..\\evil')]],
  ['a name with a line break', 'bad_name', [file('a\nb')]],
  ['a name with an escape sequence', 'bad_name', [file('a\u001b[31m')]],
  ['a name of 300 bytes', 'bad_name', [paxName('x'.repeat(300)), file('good')]],
  ['a path of 2000 bytes', 'bad_name', [paxName(`${'a/'.repeat(1000)}b`), file('good')]],
  ['a file named like the top folder', 'bad_name', [file('./.')]],
  ['a link to an absolute path', 'link_outside', [link('a', '/etc/passwd')]],
  ['a link that climbs out', 'link_outside', [link('d/a', '../../evil')]],
  ['a link to nowhere outside', 'link_outside', [link('a', '../missing')]],
  [
    'two links that climb together',
    'link_outside',
    [link('d/e/up', '../..'), link('a', 'd/e/up/..')],
  ],
  [
    'a link through another in other letters',
    'link_outside',
    [link('d/e/UP', '../..'), link('a', 'd/e/up/..')],
  ],
  ['links in a circle', 'link_outside', [link('a', 'b'), link('b', 'a')]],
  ['a file under a link', 'under_a_file', [link('d', '..'), file('d/evil')]],
  [
    'a file under a link named later in other letters',
    'under_a_file',
    [link('D', '..'), file('d/evil')],
  ],
  [
    'a folder over a link',
    'under_a_file',
    [link('d', '..'), { name: 'd/', type: '5' }, file('d/evil')],
  ],
  ['a file under a file', 'under_a_file', [file('a'), file('a/b')]],
  ['a link over a file', 'duplicate_name', [file('a'), link('a', 'b')]],
  ['a file through a link', 'duplicate_name', [link('a', '../evil'), file('a')]],
  ['one name twice', 'duplicate_name', [file('a'), file('./a')]],
  ['one name in two cases', 'duplicate_name', [file('Readme'), file('README')]],
  [
    'one name with composed and decomposed accents',
    'duplicate_name',
    [file('\u00e9'), file('e\u0301')],
  ],
  ['a file over a folder', 'duplicate_name', [file('a/b'), file('a')]],
  ['a hard link', 'hard_link', [file('a'), { name: 'b', type: '1', link: 'a' }]],
  ['a hard link out', 'hard_link', [{ name: 'b', type: '1', link: '../../evil' }]],
  ['a character device', 'special_file', [{ name: 'null', type: '3' }]],
  ['a block device', 'special_file', [{ name: 'disk', type: '4' }]],
  ['a pipe', 'special_file', [{ name: 'pipe', type: '6' }]],
  ['an entry of no known type', 'special_file', [{ name: 'odd', type: 'Z' }]],
]

describe('an uploaded archive is refused, and nothing lands outside, for (T82)', () => {
  test.each(corpus)('%s: %s', async (_title, code, entries) => {
    expect(await refusal(gzipSync(tar(...entries)))).toBe(code)
  })

  test('bytes that are no archive, a broken one, one that ends early, one compressed twice', async () => {
    const good = gzipSync(tar(file('a', 'x'.repeat(5000))))
    for (const bytes of [
      Buffer.from('hello'),
      Buffer.alloc(0),
      gzipSync('hello'),
      good.subarray(0, good.length - 20),
      gzipSync(good),
    ]) {
      expect(await refusal(bytes)).toBe('not_an_archive')
    }
    expect(await refusal(gzipSync(tar({ name: 'a', body: 'x', size: 5_000_000 })))).toBe(
      'not_an_archive',
    )
    const wrongSum = tar(file('a'))
    wrongSum.writeUInt8(wrongSum.readUInt8(0) + 1, 0)
    expect(await refusal(gzipSync(wrongSum))).toBe('not_an_archive')
  })

  test('too many entries, a folder for each part of a path included', async () => {
    const many = Array.from({ length: 20 }, (_, index) => file(`f${index}`))
    const limits = { ...unpackLimits, entriesMax: 10 }
    expect(await refusal(gzipSync(tar(...many)), limits)).toBe('too_many_entries')
    expect(await refusal(gzipSync(tar(file('a/b/c/d/e/f/g/h/i/j/k/l'))), limits)).toBe(
      'too_many_entries',
    )
  })

  test('a file or a whole that is too large', async () => {
    const big = gzipSync(tar(file('a', 'x'.repeat(3000)), file('b')))
    expect(await refusal(big, { ...unpackLimits, fileBytesMax: 2999 })).toBe('file_too_large')
    expect(await refusal(big, { ...unpackLimits, totalBytesMax: 4000 })).toBe('total_too_large')
  })

  test('a bomb: before much of it is on disk, in little memory', async () => {
    const gzip = createGzip({ level: 9 })
    const packed: Buffer[] = []
    gzip.on('data', (chunk: Buffer) => packed.push(chunk))
    gzip.write(header({ name: 'bomb', size: 128 * 1024 ** 2 }))
    for (let mebibyte = 0; mebibyte < 128; mebibyte++) gzip.write(Buffer.alloc(1024 ** 2))
    await new Promise((resolve) => gzip.end(Buffer.alloc(1024), () => resolve(undefined)))
    const before = process.memoryUsage().rss
    expect(await refusal(Buffer.concat(packed))).toBe('ratio_too_high')
    expect(statSync(path.join(target, 'bomb')).size).toBeLessThan(64 * 1024 ** 2)
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 ** 2)
  })
})

test('a project comes out as it went in: contents, executable bits, links within, long names, many small files', async () => {
  const source = path.join(base, 'source')
  const long = `${'deep/'.repeat(30)}${'n'.repeat(120)}.txt`
  mkdirSync(path.join(source, path.dirname(long)), { recursive: true })
  writeFileSync(path.join(source, long), 'long')
  writeFileSync(path.join(source, 'gradlew'), '#!/bin/sh\n', { mode: 0o755 })
  writeFileSync(path.join(source, 'empty'), '')
  for (let index = 0; index < 300; index++)
    writeFileSync(path.join(source, `s${index}`), `${index}`.repeat(index))
  const archive = path.join(base, 'a.tgz')
  await create({ gzip: true, file: archive, cwd: source }, ['.'])
  expect(await unpack(archive, target)).toMatchObject({ files: 303 })
  expect(readFileSync(path.join(target, long), 'utf8')).toBe('long')
  expect(statSync(path.join(target, 'gradlew')).mode & 0o777).toBe(0o755)
  expect(readFileSync(path.join(target, 's299'), 'utf8')).toBe('299'.repeat(299))
})

test('links within the tree are kept, those to nothing too; a set-uid bit is not', async () => {
  const entries = [
    link('d/a', '../b'),
    file('b'),
    link('later', 'd/c'),
    link('gone', 'node_modules/x'),
    { name: 'su', body: 'x', mode: 0o4755 },
  ]
  expect(await refusal(gzipSync(tar(...entries)))).toBe('accepted')
  expect(readFileSync(path.join(target, 'd/a'), 'utf8')).toBe('x')
  expect(readlinkSync(path.join(target, 'gone'))).toBe('node_modules/x')
  expect(statSync(path.join(target, 'su')).mode & 0o7777).toBe(0o755)
})

test('a folder that is not empty is not unpacked into', async () => {
  writeFileSync(path.join(target, 'a'), '')
  writeFileSync(path.join(base, 'a.tgz'), gzipSync(tar(file('b'))))
  await expect(unpack(path.join(base, 'a.tgz'), target)).rejects.toThrow(/not empty/)
  expect(readdirSync(target)).toEqual(['a'])
})

test('a link is followed as the system follows it', () => {
  const links = new Map([
    ['a/l', 'b'],
    ['a/m', '..'],
  ])
  expect(staysInside(['a', 'l', '..', '..'], links)).toBe(true)
  expect(staysInside(['a', 'm', '..'], links)).toBe(false)
  expect(staysInside(['x', '..', 'y'], links)).toBe(true)
})
