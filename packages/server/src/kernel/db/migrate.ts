import type { Kysely } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'

/** Brings the tables up to date; Kysely takes a lock where several processes could do so at once. */
export async function migrateToLatest<Tables>(
  db: Kysely<Tables>,
  migrations: Readonly<Record<string, Migration>>,
): Promise<void> {
  const provider = { getMigrations: async () => ({ ...migrations }) }
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  if (error) throw error
}
