import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What a person or a pipeline proves itself with: sessions, the authorization server's state, API keys. */
export const credentialsOfPeople: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('oidc_states')
      .addColumn('id_hash', 'text', (c) => c.notNull())
      .addColumn('model', 'text', (c) => c.notNull())
      .addColumn('payload', 'text', (c) => c.notNull())
      .addColumn('grant_hash', 'text')
      .addColumn('uid_hash', 'text')
      .addColumn('user_code_hash', 'text')
      .addColumn('consumed_at', 'bigint')
      .addColumn('expires_at', 'bigint')
      .addPrimaryKeyConstraint('oidc_states_pk', ['model', 'id_hash'])
      .execute()
    for (const column of ['grant_hash', 'uid_hash', 'user_code_hash', 'expires_at']) {
      await db.schema
        .createIndex(`oidc_states_${column}`)
        .on('oidc_states')
        .column(column)
        .execute()
    }
    await db.schema
      .createTable('sessions')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('account_id', 'text', (c) => c.notNull().references('accounts.id'))
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('grant_hash', 'text', (c) => c.unique())
      .addColumn('cookie_hash', 'text', (c) => c.unique())
      .addColumn('device', 'text', (c) => c.notNull())
      .addColumn('signed_in_with', 'text', (c) => c.notNull())
      .addColumn('address', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('last_used_at', 'bigint', (c) => c.notNull())
      .addColumn('idle_expires_at', 'bigint', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .addColumn('ended_at', 'bigint')
      .execute()
    await db.schema.createIndex('sessions_account').on('sessions').column('account_id').execute()
    await db.schema
      .createTable('api_keys')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('org_id', 'text', (c) => c.notNull().references('orgs.id'))
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('start', 'text', (c) => c.notNull())
      .addColumn('secret_hash', 'text', (c) => c.notNull().unique())
      .addColumn('scopes', 'text', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('created_by_name', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('expires_at', 'bigint')
      .addColumn('revoked_at', 'bigint')
      .addColumn('last_used_at', 'bigint')
      .addColumn('last_used_address', 'text')
      .addColumn('last_used_agent', 'text')
      .execute()
    await db.schema
      .createIndex('api_keys_org')
      .on('api_keys')
      .columns(['org_id', 'created_at'])
      .execute()
  },
}
