import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { version } from '@norrix/contract/version'
import type { EnvironmentConfig } from '../../config.ts'
import type { NamedBlob } from '../../features/builds/index.ts'
import { blobPath } from '../../kernel/blobs/folder.ts'
import { isDraft } from '../../kernel/replace-secret.ts'
import { unlikeDigests } from '../../kernel/shared-secrets.ts'
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
 * its blobs. Secrets are read after it, and have to be those that it knows.
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
  const look = async (number: number) => {
    const database = join(stage, `database-${number}`)
    const copy = await part.copy(database)
    const added = await blobs.add(copy.blobs)
    const secrets = readSecrets(config)
    const unlike = unlikeDigests(copy.digests, (name) => secrets.get(name))
    // A secret that differs was rotated meanwhile; one that differs again is another one.
    const isSettled = added === 'complete' && (unlike.length === 0 || number > 1)
    return { database, copy, secrets, unlike, isSettled }
  }
  let seen = await look(1)
  for (let number = 2; number <= looksMax && !seen.isSettled; number += 1) seen = await look(number)
  const { copy, secrets, unlike } = seen
  const files = [...blobs.written.values()]
  files.push(await addFile(archive, part.path, seen.database))
  for (const [name, bytes] of secrets) {
    files.push(await archive.add(`secrets/${name}`, Buffer.from(bytes), bytes.length))
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
    damaged: [
      ...copy.faults.map((fault) => `database: ${fault}`),
      ...unlike.map((name) => `the secret ${name} is not the one that the database knows`),
      ...blobs.damaged(copy.blobs),
    ],
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

/** Plain files by name; not what the configuration names itself, such as the database's password, and no drafts. */
function readSecrets({ secretsFolder, secretFiles }: EnvironmentConfig): Map<string, Uint8Array> {
  const secrets = new Map<string, Uint8Array>()
  if (!existsSync(secretsFolder)) return secrets
  for (const name of readdirSync(secretsFolder).toSorted()) {
    const file = join(secretsFolder, name)
    if (isDraft(name) || secretFiles.includes(file) || !lstatSync(file).isFile()) continue
    secrets.set(name, readFileSync(file))
  }
  return secrets
}

async function addManifest(archive: ArchiveWriter, manifest: Manifest): Promise<void> {
  const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
  await archive.add(manifestPath, text, text.length)
  const digest = createHash('sha256').update(text).digest('hex')
  const line = Buffer.from(`${digest}  ${manifestPath}\n`)
  await archive.add(manifestDigestPath, line, line.length)
}
