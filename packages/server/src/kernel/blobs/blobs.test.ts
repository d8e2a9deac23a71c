import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { blobsConformance } from './conformance.ts'
import { folderBlobs } from './folder.ts'

describe('blobs in a folder', () => {
  for (const { title, run } of blobsConformance) {
    test(title, () =>
      withFolder((folder) =>
        run({ blobs: folderBlobs(folder), count: async () => (await files(folder)).length }),
      ),
    )
  }

  test('what an earlier server left half written is gone at the next start', () =>
    withFolder(async (folder) => {
      const kept = await folderBlobs(folder).put(Readable.from([Buffer.from('kept')]), {
        maxBytes: 10,
      })
      await mkdir(join(folder, 'drafts'), { recursive: true })
      await writeFile(join(folder, 'drafts', 'left'), 'half')
      folderBlobs(folder)
      const names = (await files(folder)).map((file) => file.slice(-kept.key.length))
      expect(names).toEqual([kept.key])
    }))

  test.skipIf(process.platform === 'win32')('no other user of the machine can read a blob', () =>
    withFolder(async (folder) => {
      await folderBlobs(folder).put(Readable.from([Buffer.from('secret')]), { maxBytes: 10 })
      const [file = ''] = await files(folder)
      expect((await stat(file)).mode & 0o777).toBe(0o600)
    }),
  )
})

async function files(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
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
