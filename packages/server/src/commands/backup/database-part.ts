import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Fault } from '@norrix/contract/fault'
import { namedBlobs, type NamedBlob } from '../../features/builds/index.ts'
import { copySqlite, sqliteFaults } from '../../kernel/db/copy.ts'
import { openDatabase, type DatabaseConfig } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import { syncFolder } from './archive.ts'

/**
 * The database's share of a backup and of a restore: the one place where the engines differ. PostgreSQL joins as a second
 * implementation, chosen in `databasePart`.
 */
export interface DatabasePart {
  /** The name of the copy inside a backup; it says what the copy can be restored to. */
  readonly path: string
  /** Copies the database as it is at one moment into a new file, a server writing beside or not. */
  copy(file: string): Promise<DatabaseCopy>
  /** Whether a restore would overwrite something. */
  isThere(): boolean
  /** Where a restore puts the copy first: on the disk where the database will be. */
  readonly draft: string
  /** Makes the draft the database, at once and durably. */
  place(): Promise<void>
}

export interface DatabaseCopy {
  /** Every blob that the copy names. */
  readonly blobs: readonly NamedBlob[]
  /** What is wrong with it; nothing when it is sound. */
  readonly faults: readonly string[]
}

export function databasePart(config: DatabaseConfig): DatabasePart {
  if (config.kind === 'sqlite') return sqlitePart(config.file)
  throw new Fault('conflict', {
    message: 'Backups of an environment on PostgreSQL are not made by this command yet.',
    fix: 'pg_dump first, then copy the folders of `blobs` and `secrets`',
  })
}

function sqlitePart(database: string): DatabasePart {
  const draft = `${database}.restoring`
  return {
    path: 'norrix.db',
    draft,
    async copy(file) {
      await copySqlite(database, file)
      const faults = sqliteFaults(file)
      const copy = openDatabase<Tables>({ kind: 'sqlite', file })
      try {
        return { blobs: await namedBlobs(copy.kysely), faults }
      } finally {
        await copy.close()
      }
    },
    isThere: () => existsSync(database),
    async place() {
      await rename(draft, database)
      await syncFolder(dirname(database))
    },
  }
}
