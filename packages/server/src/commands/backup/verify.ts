import { createHash } from 'node:crypto'
import { Fault } from '@norrix/contract/fault'
import { digestOf, openArchive, textOf, type Archive } from './archive.ts'
import { manifestDigestPath, manifestPath, manifestShape, type Manifest } from './manifest.ts'

export interface VerifiedBackup {
  readonly archive: Archive
  readonly manifest: Manifest
}

/**
 * Opens a backup and proves it whole: it ends where it should, and every file in it is the bytes that were written.
 *
 * @throws Fault backup_damaged, naming every file that is not
 */
export async function openBackup(name: string): Promise<VerifiedBackup> {
  const archive = await openArchive(name).catch((cause: unknown) => {
    throw damaged(name, ['it cannot be read'], cause)
  })
  const manifest = await readManifest(name, archive)
  const wrong: string[] = []
  for (const { path, sizeBytes, sha256 } of manifest.files) {
    const found = archive.files.get(path)
    if (!found) wrong.push(`${path} is missing`)
    else if (found.sizeBytes !== sizeBytes || (await digestOf(archive.read(path))) !== sha256) {
      wrong.push(`${path} is not the bytes that were written`)
    }
  }
  if (wrong.length > 0) throw damaged(name, wrong)
  return { archive, manifest }
}

async function readManifest(name: string, archive: Archive): Promise<Manifest> {
  if (!archive.files.has(manifestDigestPath) || !archive.files.has(manifestPath)) {
    throw damaged(name, ['it is no backup of Norrix, or it was cut off'])
  }
  const text = await textOf(archive.read(manifestPath))
  const digest = createHash('sha256').update(text).digest('hex')
  if (!(await textOf(archive.read(manifestDigestPath))).startsWith(`${digest} `)) {
    throw damaged(name, ['its manifest is not the bytes that were written'])
  }
  const parsed = manifestShape.safeParse(JSON.parse(text))
  if (parsed.success) return parsed.data
  throw new Fault('backup_damaged', {
    message: `The backup ${name} is of a form that this version does not know.`,
    fix: 'use the version of Norrix that made it, or a newer one',
    cause: parsed.error,
  })
}

function damaged(name: string, wrong: readonly string[], cause?: unknown): Fault {
  return new Fault('backup_damaged', {
    message: `The backup ${name} is not whole: ${wrong.slice(0, 10).join('; ')}${wrong.length > 10 ? `; and ${wrong.length - 10} more` : ''}.`,
    fix: 'use another backup; nothing of this one was restored',
    details: { wrong },
    cause,
  })
}
