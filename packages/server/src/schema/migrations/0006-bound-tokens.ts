import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Tokens that are worthless without their key. Those of before have none, so their sessions end: people sign in once more. */
export const boundTokens: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('oidc_states').addColumn('key_thumbprint', 'text').execute()
    await db.schema
      .createTable('used_proofs')
      .addColumn('digest', 'text', (c) => c.primaryKey())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .execute()
    await db.schema
      .createIndex('used_proofs_expires_at')
      .on('used_proofs')
      .column('expires_at')
      .execute()
    await sql`delete from oidc_states
      where model in ('Grant', 'AuthorizationCode', 'AccessToken', 'RefreshToken')`.execute(db)
    await sql`update sessions set ended_at = last_used_at
      where kind = 'cli' and ended_at is null`.execute(db)
  },
}
