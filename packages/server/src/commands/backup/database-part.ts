import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { namedBlobs, type NamedBlob } from '../../features/builds/index.ts'
import { openDatabase, type DatabaseConfig, type PostgresConfig } from '../../kernel/db/database.ts'
import { copyPostgres, fillPostgres, isFilled } from '../../kernel/db/postgres-copy.ts'
import { copySqlite, sqliteFaults } from '../../kernel/db/sqlite-copy.ts'
import { secretDigests } from '../../kernel/shared-secrets.ts'
import type { Tables } from '../../schema/index.ts'
import { syncFolder } from '../../kernel/sync-folder.ts'
import { migrations } from '../../schema/migrations/index.ts'
import { writeDurably } from './files.ts'

/** The database's share of a backup and of a restore: the one place where the engines differ. */
export interface DatabasePart {
  /** The name of the copy inside a backup; it says what the copy can be restored to. */
  readonly path: string
  /** Copies the database as it is at one moment into a new file, a server writing beside or not. */
  copy(file: string): Promise<DatabaseCopy>
  /** Whether a restore would find something where it wants to write. */
  isThere(): Promise<boolean>
  /**
   * Makes a copy the database, at once and durably: all of it or nothing.
   *
   * @param seen names of the migrations that the copied database had seen
   */
  put(copy: Readable, seen: readonly string[]): Promise<void>
}

export interface DatabaseCopy {
  /** Every blob that the copy names. */
  readonly blobs: readonly NamedBlob[]
  /** What the copy says each secret is, where it does. */
  readonly digests: ReadonlyMap<string, string>
  /** What is wrong with it; nothing when it is sound. */
  readonly faults: readonly string[]
}

export function databasePart(config: DatabaseConfig): DatabasePart {
  return config.kind === 'sqlite' ? sqlitePart(config.file) : postgresPart(config)
}

function sqlitePart(database: string): DatabasePart {
  return {
    path: 'norrix.db',
    async copy(file) {
      await copySqlite(database, file)
      const faults = sqliteFaults(file)
      const copy = openDatabase<Tables>({ kind: 'sqlite', file })
      try {
        return { blobs: await namedBlobs(copy.kysely), digests: new Map(), faults }
      } finally {
        await copy.close()
      }
    },
    isThere: async () => existsSync(database),
    async put(copy) {
      const draft = `${database}.restoring`
      await writeDurably(draft, copy)
      await rename(draft, database)
      await syncFolder(dirname(database))
    },
  }
}

function postgresPart(config: PostgresConfig): DatabasePart {
  return {
    path: 'postgres.jsonl',
    copy: (file) =>
      copyPostgres<Tables, DatabaseCopy>(config, file, async (tx) => ({
        blobs: await namedBlobs(tx),
        digests: await secretDigests(tx),
        faults: [],
      })),
    isThere: () => isFilled(config),
    put: (copy, seen) =>
      fillPostgres(
        config,
        copy,
        Object.fromEntries(Object.entries(migrations).filter(([name]) => seen.includes(name))),
      ),
  }
}
