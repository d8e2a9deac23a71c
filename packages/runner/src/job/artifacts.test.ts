import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { collectArtifacts } from './artifacts.ts'

let source = ''
beforeEach(
  () => void (source = realpathSync(mkdtempSync(path.join(tmpdir(), 'norrix-artifacts-')))),
)
afterEach(() => rmSync(source, { recursive: true, force: true }))

function put(name: string, body: string | Buffer): void {
  const file = path.join(source, name)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, body)
}

/** A zip of empty, stored entries: just enough of APPNOTE 4.3 for names to be read. */
function zipOf(names: readonly string[], comment = ''): Buffer {
  const locals = names.map((name) => {
    const head = Buffer.alloc(30)
    head.writeUInt32LE(0x04034b50)
    head.writeUInt16LE(name.length, 26)
    return Buffer.concat([head, Buffer.from(name)])
  })
  const directory = Buffer.concat(
    names.map((name) => {
      const head = Buffer.alloc(46)
      head.writeUInt32LE(0x02014b50)
      head.writeUInt16LE(name.length, 28)
      return Buffer.concat([head, Buffer.from(name)])
    }),
  )
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(Buffer.concat(locals).length, 16)
  end.writeUInt16LE(comment.length, 20)
  return Buffer.concat([...locals, directory, end, Buffer.from(comment)])
}

test('artifacts come with name, size, SHA-256 and type, each once, in a fixed order', async () => {
  put('build/b.zip', 'bytes of b')
  put('build/.hidden/a.txt', 'a')
  put('build/other.bin', 'x')
  const found = await collectArtifacts(source, ['build/*.zip', '**/*.{zip,txt}'])
  expect(
    found.map(({ name, sizeBytes, contentType }) => ({ name, sizeBytes, contentType })),
  ).toEqual([
    { name: 'a.txt', sizeBytes: 1, contentType: 'text/plain' },
    { name: 'b.zip', sizeBytes: 10, contentType: 'application/zip' },
  ])
  expect(found[1]?.sha256).toBe(createHash('sha256').update('bytes of b').digest('hex'))
  expect(found[1]?.file).toBe(path.join(source, 'build/b.zip'))
})

test('a pattern that matches nothing says what was there instead', async () => {
  put('build/outputs/app-debug.apk', '')
  put('build/outputs/log.txt', '')
  await expect(collectArtifacts(source, ['build/outputs/*.ipa'])).rejects.toMatchObject({
    code: 'artifact_missing',
    message:
      'The artifact pattern `build/outputs/*.ipa` matched no file. `build/outputs` holds: app-debug.apk, log.txt.',
  })
  await expect(collectArtifacts(source, ['nowhere/**/x.apk'])).rejects.toThrow(
    'The project holds: build.',
  )
  await expect(collectArtifacts(source, ['*.apk'])).rejects.toThrow('The project holds: build.')
  await expect(collectArtifacts(source, ['build/nowhere/x.apk'])).rejects.toThrow(
    '`build` holds: outputs.',
  )
})

test('one pattern that matches does not excuse another that does not', async () => {
  put('a.apk', '')
  await expect(collectArtifacts(source, ['a.apk', 'b.apk'])).rejects.toMatchObject({
    code: 'artifact_missing',
  })
})

test('nothing outside of the project is ever collected: patterns that climb, links to files and folders', async () => {
  const outside = mkdtempSync(path.join(tmpdir(), 'norrix-outside-'))
  try {
    writeFileSync(path.join(outside, 'secret.apk'), 'secret')
    for (const pattern of ['../*/secret.apk', path.join(outside, '*.apk'), 'a/../../x', '!x']) {
      await expect(collectArtifacts(source, [pattern]), pattern).rejects.toMatchObject({
        code: 'artifact_pattern',
      })
    }
    symlinkSync(outside, path.join(source, 'folder'))
    await expect(collectArtifacts(source, ['**/secret.apk'])).rejects.toMatchObject({
      code: 'artifact_missing',
    })
    for (const pattern of ['folder/secret.apk', 'folder/*.apk']) {
      await expect(collectArtifacts(source, [pattern])).rejects.toThrow(
        /matched no file|link out of the project/,
      )
    }
    symlinkSync(path.join(outside, 'secret.apk'), path.join(source, 'link.apk'))
    await expect(collectArtifacts(source, ['*.apk'])).rejects.toThrow(
      /matched no file|link out of the project/,
    )
  } finally {
    rmSync(outside, { recursive: true })
  }
})

test('two files of one name are told apart by their folders', async () => {
  put('phone/app.apk', '1')
  put('watch/App.apk', '2')
  put('one.apk', '3')
  const found = await collectArtifacts(source, ['**/*.apk'])
  expect(found.map((one) => one.name)).toEqual(['one.apk', 'phone-app.apk', 'watch-App.apk'])
})

test('the mark of a test stand-in is seen, in a zip and in anything else, and nowhere else', async () => {
  put('real.ipa', zipOf(['Payload/App']))
  put('stand-in.ipa', zipOf(['Payload/App', 'META-INF/norrix-stand-in'], 'a comment'))
  put('stand-in.txt', 'hello\nnorrix-stand-in\n')
  put('real.txt', 'norrix-stand-in\nhello\n')
  put('empty.txt', '')
  const found = await collectArtifacts(source, ['*'])
  expect(found.filter((one) => one.standIn).map((one) => one.name)).toEqual([
    'stand-in.ipa',
    'stand-in.txt',
  ])
})

test('an apk that nobody signed has no signer, and says so', async () => {
  put('app.apk', zipOf(['AndroidManifest.xml']))
  expect(await collectArtifacts(source, ['*.apk'])).toMatchObject([
    { signer: null, signatureProblem: 'it is not signed' },
  ])
})
