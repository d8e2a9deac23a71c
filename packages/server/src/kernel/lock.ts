import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault } from '@norrix/contract/fault'

/** Lies in a data folder while a backup is put there; whoever finds it found half a restore. */
export const restoringMark = 'restoring'

export interface FolderLock {
  release(): void
}

/**
 * Makes the data folder where there is none, and holds it for one server (ruling 27). The lock is SQLite's own EXCLUSIVE lock on a small file: the kernel
 * lets it go when the process ends, however it ends, so there is never a stale one.
 *
 * @throws Fault data_in_use, data_unusable
 */
export function lockFolder(folder: string): FolderLock {
  const file = openIn(folder)
  if (existsSync(join(folder, restoringMark))) throw halfRestored(folder)
  try {
    file.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;')
  } catch (cause) {
    file.close()
    throw new Fault('data_in_use', {
      message: `Another Norrix server is running on the data folder ${folder}.`,
      fix: 'stop that server, or give this one another `data` folder in norrix-server.json',
      cause,
    })
  }
  return { release: () => file.close() }
}

function openIn(folder: string): DatabaseSync {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return new DatabaseSync(join(folder, 'lock'), { timeout: 0 })
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
    throw new Fault('data_unusable', {
      message: `The data folder ${folder} cannot be made or written to${why}.`,
      fix: 'give this user the right to write there, or set another `data` folder in norrix-server.json',
      cause,
    })
  }
}

function halfRestored(folder: string): Fault {
  return new Fault('data_unusable', {
    message: `A restore into ${folder} was cut off: what lies there is not whole.`,
    fix: 'remove that folder, and blobs and secrets that lie elsewhere; then norrix-server restore once more',
  })
}
