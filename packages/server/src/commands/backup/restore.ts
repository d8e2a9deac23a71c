import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { countText, durationText } from '@norrix/cli/io/words'
import { Fault } from '@norrix/contract/fault'
import { version } from '@norrix/contract/version'
import type { EnvironmentConfig } from '../../config.ts'
import { blobPath, isBlobKey } from '../../kernel/blobs/folder.ts'
import { lockFolder, restoringMark } from '../../kernel/lock.ts'
import { syncFolder } from '../../kernel/sync-folder.ts'
import { migrations } from '../../schema/migrations/index.ts'
import { wordOf, type Call } from '../command.ts'
import { environmentOf, urlOf } from '../environment.ts'
import { databasePart, type DatabasePart } from './database-part.ts'
import { writeDurably } from './files.ts'
import type { Manifest } from './manifest.ts'
import { openBackup, type VerifiedBackup } from './verify.ts'

/** Puts a backup where the configuration keeps an environment, and only where nothing is. */
export async function restore(call: Call): Promise<number> {
  const { io, around } = call
  const started = performance.now()
  const config = environmentOf(call)
  const part = databasePart(config.database)
  await requireEmpty(config, part)
  const backup = await openBackup(resolve(around.cwd, wordOf(call, 0)))
  requireFit(backup.manifest, config, part)
  requireNoSecrets(backup.manifest, config)
  await place(backup, config, part)
  const { manifest } = backup
  const { kind, version: madeBy, madeAt, damaged } = manifest
  io.document({ kind, data: config.dataFolder, version: madeBy, madeAt, damaged })
  const duration = durationText(performance.now() - started)
  const files = countText(manifest.files.length, 'file')
  io.talk.marked('done', `Restored ${kind} as of ${madeAt}: ${files} in ${duration}.`)
  for (const sentence of damaged) io.talk.marked('warning', `Since the backup, ${sentence}.`)
  sayNext(call, manifest, config)
  return 0
}

function sayNext({ io }: Call, manifest: Manifest, config: EnvironmentConfig): void {
  const url = urlOf(config)
  if (url !== manifest.publicUrl) {
    io.talk.marked(
      'warning',
      `It was ${manifest.publicUrl} and is ${url} now: whoever is signed in at the old address signs in again.`,
    )
  }
  io.talk.fields([
    { label: 'data', value: config.dataFolder },
    { label: 'next', value: 'norrix-server check, then norrix-server serve' },
    {
      label: 'not in it',
      value:
        'files that the configuration names, such as clientSecretFile; its own text is norrix-server.json in the backup',
    },
  ])
}

/** @throws Fault conflict when anything of the environment is there */
async function requireEmpty(config: EnvironmentConfig, part: DatabasePart): Promise<void> {
  const taken = [config.dataFolder, config.blobsFolder].filter((folder) => !isEmpty(folder))
  if (await part.isThere()) taken.push('the database')
  if (taken.length > 0) throw occupied(taken)
}

/** The first is made by a look at the folder, the second by whoever made the disk. */
function isEmpty(folder: string): boolean {
  const ignored = ['lock', 'lost+found']
  return !existsSync(folder) || readdirSync(folder).every((name) => ignored.includes(name))
}

/** Their folder may hold other files, such as the database's password. @throws Fault conflict */
function requireNoSecrets({ files }: Manifest, { secretsFolder }: EnvironmentConfig): void {
  const taken = files
    .filter(({ path }) => path.startsWith('secrets/'))
    .map(({ path }) => join(secretsFolder, path.slice('secrets/'.length)))
    .filter((file) => existsSync(file))
  if (taken.length > 0) throw occupied(taken)
}

function occupied(taken: readonly string[]): Fault {
  return new Fault('conflict', {
    message: `A backup is restored to where nothing is, and there is something in ${taken.join(', ')}.`,
    fix: 'name other places in the configuration, or move away what is there',
  })
}

/** @throws Fault conflict when the backup is of another kind, another engine or a newer version */
function requireFit(manifest: Manifest, config: EnvironmentConfig, part: DatabasePart): void {
  if (manifest.kind !== config.kind) {
    throw new Fault('conflict', {
      message: `This is a backup of ${manifest.kind}, not of ${config.kind}; its keys would work in neither.`,
      fix: `add --env ${manifest.kind}, or restore it where that is configured`,
    })
  }
  if (manifest.database.path !== part.path) {
    throw new Fault('conflict', {
      message: `The backup holds ${manifest.database.path}, which is for another database than the configured.`,
      fix: 'configure the kind of database that it was made from',
    })
  }
  const unknown = manifest.database.migrations.filter((name) => !Object.hasOwn(migrations, name))
  if (unknown.length === 0) return
  throw new Fault('conflict', {
    message: `The backup was made by Norrix ${manifest.version}, which is newer than this one (${version}).`,
    fix: 'restore it with that version or a newer one',
  })
}

/** Blobs and secrets first; the database last, in one step: without it nothing has been restored. */
async function place(
  { archive, manifest }: VerifiedBackup,
  config: EnvironmentConfig,
  part: DatabasePart,
): Promise<void> {
  const lock = lockFolder(config.dataFolder)
  const mark = join(config.dataFolder, restoringMark)
  try {
    writeFileSync(mark, `${manifest.madeAt}\n`)
    const folders = new Set<string>()
    for (const { path } of manifest.files) {
      const target = targetOf(path, config)
      if (target === undefined) continue
      await writeDurably(target, archive.read(path))
      folders.add(dirname(target)).add(dirname(dirname(target)))
    }
    folders.add(config.dataFolder).add(config.blobsFolder)
    mkdirSync(config.blobsFolder, { recursive: true, mode: 0o700 })
    for (const folder of folders) await syncFolder(folder)
    await part.put(archive.read(part.path), manifest.database.migrations)
    rmSync(mark)
    await syncFolder(config.dataFolder)
  } finally {
    lock.release()
  }
}

/** Where a file of the backup belongs; undefined for the database, and for what is there to be read only. */
function targetOf(path: string, config: EnvironmentConfig): string | undefined {
  if (path === 'server-id') return join(config.dataFolder, path)
  const [, folder, name = ''] = /^(blobs|secrets)\/([\w.-]+)$/.exec(path) ?? []
  if (folder === 'blobs' && isBlobKey(name)) return blobPath(config.blobsFolder, name)
  if (folder === 'secrets' && !name.startsWith('.')) return join(config.secretsFolder, name)
  return undefined
}
