import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What several servers on one database need: one claim at most, a runner of its own for each, the same secrets for all. */
export const severalServers: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('claims')
      .addColumn('seat', 'integer', (c) => c.notNull().defaultTo(1))
      .execute()
    await db.schema.createIndex('claims_seat').unique().on('claims').column('seat').execute()
    await db.schema.alterTable('runners').addColumn('server_id', 'text').execute()
    // The server's runner of before has no server to its name. Each start makes one that has.
    await sql`update runners set removed_at = created_at where org_id is null`.execute(db)
    await db.schema
      .createIndex('runners_server')
      .unique()
      .on('runners')
      .column('server_id')
      .execute()
    await db.schema
      .createTable('secret_digests')
      .addColumn('name', 'text', (c) => c.primaryKey())
      .addColumn('digest', 'text', (c) => c.notNull())
      .execute()
  },
}
