import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { blobsConformance } from './conformance.ts'
import { folderBlobs } from './folder.ts'

describe('blobs in a folder', () => {
  for (const { title, run } of blobsConformance) {
    test(title, () =>
      withFolder((folder) =>
        run({
          blobs: folderBlobs(folder),
          reopen: () => folderBlobs(folder),
          count: async () => (await blobFiles(folder)).length,
        }),
      ),
    )
  }

  test('what a server left half written is gone at its next start, and at no start of another', () =>
    withFolder(async (folder) => {
      const bytes = () => Readable.from([Buffer.from('kept')])
      const kept = await folderBlobs(folder, 'one').put(bytes(), { maxBytes: 10 })
      await writeFile(join(folder, 'drafts', 'one', 'left'), 'half')
      const names = async () => (await blobFiles(folder)).map((file) => basename(file)).toSorted()
      folderBlobs(folder, 'two')
      expect(await names()).toEqual([kept.key, 'left'].toSorted())
      folderBlobs(folder, 'one')
      expect(await names()).toEqual([kept.key])
    }))

  test('what one server stored another one on the same folder gives out', () =>
    withFolder(async (folder) => {
      const [one, two] = [folderBlobs(folder, 'one'), folderBlobs(folder, 'two')]
      const { key } = await one.put(Readable.from([Buffer.from('shared')]), { maxBytes: 10 })
      expect(await text(await two.open(key))).toBe('shared')
    }))

  test.skipIf(process.platform === 'win32')('no other user of the machine can read a blob', () =>
    withFolder(async (folder) => {
      await folderBlobs(folder).put(Readable.from([Buffer.from('secret')]), { maxBytes: 10 })
      const [file = ''] = await blobFiles(folder)
      expect((await stat(file)).mode & 0o777).toBe(0o600)
    }),
  )
})

/** Whole ones and halves, without the marks of doubt. */
async function blobFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.doubt'))
    .map((entry) => join(entry.parentPath, entry.name))
}

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'norrix-blobs-'))
  try {
    await run(join(folder, 'blobs'))
  } finally {
    await rm(folder, { recursive: true })
  }
}
