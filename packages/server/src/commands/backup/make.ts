import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { version } from '@norrix/contract/version'
import type { EnvironmentConfig } from '../../config.ts'
import type { NamedBlob } from '../../features/builds/index.ts'
import { blobPath } from '../../kernel/blobs/folder.ts'
import { migrations } from '../../schema/migrations/index.ts'
import type { ArchivedFile, ArchiveWriter } from './archive.ts'
import { databasePart } from './database-part.ts'
import { manifestDigestPath, manifestPath, type Manifest } from './manifest.ts'

/** A blob that goes while the backup is made makes it look again; whatever is missing twice is missing. */
const looksMax = 5

export interface BackupSource {
  readonly config: EnvironmentConfig
  readonly publicUrl: string
  /** The configuration, kept for whoever restores; it names files of secrets and holds none. */
  readonly configFile: string
  readonly madeAt: Date
}

/**
 * Writes everything of one environment into the archive, a server serving beside or not.
 *
 * Blobs are written before the row that names them and removed after it. So a copy of the database names only what was there;
 * what is gone by the time it is read was removed meanwhile, and a newer copy no longer names it. The newest copy goes in, after
 * its blobs.
 *
 * @param stage a folder of this backup alone, on the disk of the archive
 */
export async function fillArchive(
  archive: ArchiveWriter,
  source: BackupSource,
  stage: string,
): Promise<Manifest> {
  const { config, configFile } = source
  const part = databasePart(config.database)
  const blobs = new Blobs(archive, config.blobsFolder)
  let database = ''
  let copy = await part.copy((database = join(stage, 'database-1')))
  for (
    let look = 2;
    look <= looksMax && (await blobs.add(copy.blobs)) === 'look-again';
    look += 1
  ) {
    copy = await part.copy((database = join(stage, `database-${look}`)))
  }
  const files = [...blobs.written.values()]
  files.push(await addFile(archive, part.path, database))
  for (const name of secretNames(config.secretsFolder)) {
    files.push(await addFile(archive, `secrets/${name}`, join(config.secretsFolder, name)))
  }
  const serverId = join(config.dataFolder, 'server-id')
  if (existsSync(serverId)) files.push(await addFile(archive, 'server-id', serverId))
  if (existsSync(configFile)) files.push(await addFile(archive, 'norrix-server.json', configFile))
  const manifest: Manifest = {
    format: 1,
    kind: config.kind,
    version,
    madeAt: source.madeAt.toISOString(),
    publicUrl: source.publicUrl,
    database: { path: part.path, migrations: Object.keys(migrations) },
    files,
    damaged: [...copy.faults.map((fault) => `database: ${fault}`), ...blobs.damaged(copy.blobs)],
  }
  await addManifest(archive, manifest)
  return manifest
}

class Blobs {
  readonly written = new Map<string, ArchivedFile>()
  #missing = new Set<string>()
  readonly #archive: ArchiveWriter
  readonly #folder: string

  constructor(archive: ArchiveWriter, folder: string) {
    this.#archive = archive
    this.#folder = folder
  }

  /** Adds what is not in yet; `look-again` when something is missing that was not missing before. */
  async add(named: readonly NamedBlob[]): Promise<'complete' | 'look-again'> {
    const before = this.#missing
    this.#missing = new Set()
    for (const { key } of named) {
      if (this.written.has(key)) continue
      const file = await addFile(this.#archive, `blobs/${key}`, blobPath(this.#folder, key)).catch(
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error
          return undefined
        },
      )
      if (file) this.written.set(key, file)
      else this.#missing.add(key)
    }
    return [...this.#missing].every((key) => before.has(key)) ? 'complete' : 'look-again'
  }

  damaged(named: readonly NamedBlob[]): string[] {
    return named.flatMap(({ key, of, sha256 }) => {
      const file = this.written.get(key)
      if (!file) return [`the blob ${key} of ${of} is missing`]
      return file.sha256 === sha256 ? [] : [`the blob ${key} of ${of} is not the bytes it was`]
    })
  }
}

async function addFile(archive: ArchiveWriter, path: string, name: string): Promise<ArchivedFile> {
  const handle = await open(name, 'r')
  // The stream closes it; what was opened stays readable though somebody removes the name.
  const { size } = await handle.stat()
  return archive.add(path, handle.createReadStream(), size)
}

/** Plain files; a draft that a start left behind ends with a dot and twelve digits. */
function secretNames(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => !/\.[0-9a-f]{12}$/.test(name) && lstatSync(join(folder, name)).isFile())
    .sort()
}

async function addManifest(archive: ArchiveWriter, manifest: Manifest): Promise<void> {
  const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
  await archive.add(manifestPath, text, text.length)
  const digest = createHash('sha256').update(text).digest('hex')
  const line = Buffer.from(`${digest}  ${manifestPath}\n`)
  await archive.add(manifestDigestPath, line, line.length)
}
