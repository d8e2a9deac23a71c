import { existsSync, lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sizeText } from '@norrix/contract/size.policy'
import type { EnvironmentConfig } from '../../config.ts'
import { fine, reasonOf, warning, wrong, type Finding } from './finding.ts'

const roomLowBytes = 2 * 1024 ** 3
const roomLeastBytes = 200 * 1024 ** 2

/** Folders that can be written to, with room in them, and secrets that nobody else can read. */
export async function checkDisk(config: EnvironmentConfig): Promise<readonly Finding[]> {
  const { database } = config
  const own = database.kind === 'sqlite' ? [dirname(database.file)] : []
  const folders = [...new Set([config.dataFolder, config.blobsFolder, ...own])]
  return [
    ...folders.map(checkFolder),
    ...(await checkRoom(config.dataFolder)),
    ...checkSecrets(config.secretsFolder),
  ]
}

/** Writes something and takes it away again; asking for permissions says little about root, quotas and read-only disks. */
function checkFolder(folder: string): Finding {
  const there = nearest(folder)
  try {
    const probe = mkdtempSync(join(there, '.norrix-check-'))
    writeFileSync(join(probe, 'probe'), 'x')
    rmSync(probe, { recursive: true })
  } catch (error) {
    return wrong(
      'folder',
      `${folder} cannot be written to (${reasonOf(error)}).`,
      'give this user the right to it, or name another folder',
    )
  }
  return fine(
    'folder',
    there === folder ? `${folder} can be written to.` : `${folder} can be made.`,
  )
}

async function checkRoom(folder: string): Promise<Finding[]> {
  const { bavail, bsize } = await statfs(nearest(folder))
  const free = bavail * bsize
  const text = `${sizeText(free)} left where ${folder} is.`
  const fix = 'make room: builds are refused when there is none, and nothing is lost'
  if (free < roomLeastBytes) return [wrong('room', text, fix)]
  return [free < roomLowBytes ? warning('room', text, fix) : fine('room', text)]
}

function checkSecrets(folder: string): Finding[] {
  if (!existsSync(folder)) return [fine('secrets', 'None yet: the first start makes them.')]
  const open = readdirSync(folder)
    .map((name) => join(folder, name))
    .concat(folder)
    .filter((path) => process.platform !== 'win32' && (lstatSync(path).mode & 0o077) !== 0)
  if (open.length === 0) return [fine('secrets', 'Readable by this user alone.')]
  return open.map((path) =>
    wrong('secrets', `${path} can be read by others.`, `chmod go-rwx ${path}`),
  )
}

function nearest(folder: string): string {
  return existsSync(folder) ? folder : nearest(dirname(folder))
}
