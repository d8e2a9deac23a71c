import type { Kysely } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'

/** Names of the steps that the database has not seen. Changes nothing. */
export async function pendingMigrations<Tables>(
  db: Kysely<Tables>,
  migrations: Readonly<Record<string, Migration>>,
): Promise<readonly string[]> {
  const provider = { getMigrations: async () => ({ ...migrations }) }
  const all = await new Migrator({ db, provider }).getMigrations()
  return all.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name)
}
