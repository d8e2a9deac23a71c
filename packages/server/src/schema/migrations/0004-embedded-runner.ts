import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** An operator may lend further runners to every organization; only the server's own is given a new token at each start. */
export const embeddedRunner: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('runners')
      .addColumn('embedded', 'integer', (c) => c.notNull().defaultTo(0))
      .execute()
    await sql`update runners set embedded = 1 where org_id is null`.execute(db)
  },
}
