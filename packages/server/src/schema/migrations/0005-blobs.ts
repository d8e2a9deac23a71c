import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Finds who names a blob; and no two rows name the same one, so that it may go with its row. */
export const blobs: Migration = {
  async up(db: Kysely<unknown>) {
    for (const table of ['sources', 'artifacts'])
      await db.schema.createIndex(`${table}_blob`).unique().on(table).column('blob').execute()
  },
}
