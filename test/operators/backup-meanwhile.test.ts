import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createArchive, openArchive } from '@norrix/server/commands/backup/archive'
import { fillArchive } from '@norrix/server/commands/backup/make'
import { rotateCookieKeys } from '@norrix/server/features/identity/index'
import { blobPath } from '@norrix/server/kernel/blobs/folder'
import { openDatabase } from '@norrix/server/kernel/db/database'
import { secretsOf } from '@norrix/server/kernel/shared-secrets'
import type { Tables } from '@norrix/server/schema/index'
import { configOf, startNorrix } from '../kit/norrix.ts'
import { claim } from '../kit/people.ts'
import { queueBuild } from '../kit/queue-build.ts'
import { runSql } from '../kit/test-database.ts'

test('what is removed while a backup is made is neither missed nor named in it', async () => {
  const norrix = await startNorrix()
  try {
    const ana = await claim(norrix.prod)
    for (let count = 0; count < 3; count += 1) {
      const source = randomBytes(1000)
      await queueBuild(ana.client, ana.orgId, { source, waitForRunner: true })
    }
    const { dataFolder, url } = norrix.prod
    const database = norrix.database()
    const config = configOf('prod', dataFolder, database, {})
    const archive = await createArchive(join(norrix.folder, 'draft'), new Date())
    let removed = ''
    const add: typeof archive.add = async (path, bytes, sizeBytes) => {
      const file = await archive.add(path, bytes, sizeBytes)
      if (removed !== '') return file
      // The first blob is in: now another one goes, its row first, as the server removes them.
      const other = `select id, blob from sources where blob <> '${path.slice(6)}' limit 1`
      const [row] = await runSql(database, other)
      const { id, blob } = row as { id: string; blob: string } // two texts, as selected above
      removed = blob
      const build = `select id from builds where source_id = '${id}'`
      await runSql(database, `delete from build_log where build_id in (${build})`)
      await runSql(database, `delete from builds where source_id = '${id}'`)
      await runSql(database, `delete from sources where id = '${id}'`)
      rmSync(blobPath(config.blobsFolder, removed))
      return file
    }
    const source = { config, publicUrl: url, configFile: '', madeAt: new Date() }
    const manifest = await fillArchive({ ...archive, add }, source, norrix.folder)
    await archive.finish(join(norrix.folder, 'made.tar'))
    expect(manifest.damaged).toEqual([])
    const { files } = await openArchive(join(norrix.folder, 'made.tar'))
    expect([...files.keys()].filter((path) => path.startsWith('blobs/'))).toHaveLength(2)
    expect(files.has(`blobs/${removed}`)).toBe(false)
  } finally {
    await norrix.stop()
  }
})

test('keys that are rotated while a backup is made are in it as its database knows them', async () => {
  const norrix = await startNorrix()
  const database = norrix.database()
  const db = openDatabase<Tables>(database)
  try {
    const ana = await claim(norrix.prod)
    await queueBuild(ana.client, ana.orgId, { source: randomBytes(1000), waitForRunner: true })
    const { dataFolder, url } = norrix.prod
    const config = configOf('prod', dataFolder, database, {})
    const archive = await createArchive(join(norrix.folder, 'draft'), new Date())
    const add: typeof archive.add = async (path, bytes, sizeBytes) => {
      // The database is copied by now, and the secrets are not read yet.
      if (path.startsWith('blobs/'))
        await rotateCookieKeys(secretsOf(db.kysely, database.kind, config.secretsFolder))
      return archive.add(path, bytes, sizeBytes)
    }
    const source = { config, publicUrl: url, configFile: '', madeAt: new Date() }
    const { damaged, files } = await fillArchive({ ...archive, add }, source, norrix.folder)
    await archive.abandon()
    expect(damaged).toEqual([])
    expect(files.map(({ path }) => path)).toContain('secrets/cookie-key')
  } finally {
    await db.close()
    await norrix.stop()
  }
})
