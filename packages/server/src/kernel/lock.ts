import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault } from '@norrix/contract/fault'

export interface FolderLock {
  release(): void
}

/**
 * Holds the data folder for one server (ruling 27). The lock is SQLite's own EXCLUSIVE lock on a small file: the kernel
 * lets it go when the process ends, however it ends, so there is never a stale one.
 *
 * @throws Fault data_in_use with the holder's process id
 */
export function lockFolder(folder: string): FolderLock {
  const file = new DatabaseSync(join(folder, 'lock'), { timeout: 0 })
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
