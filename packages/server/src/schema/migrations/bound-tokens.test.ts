import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../kernel/db/database.ts'
import type { Tables } from '../index.ts'
import { migrations } from './index.ts'

test('tokens from before they were bound to keys end with their sessions; browsers stay signed in', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'norrix-migration-'))
  const db = openDatabase<Tables>({ kind: 'sqlite', file: join(folder, 'norrix.db') })
  onTestFinished(async () => {
    await db.close()
    rmSync(folder, { recursive: true })
  })
  const before = Object.entries(migrations).filter(([name]) => name < '0006')
  await db.migrate(Object.fromEntries(before))
  const account = { id: 'user_1', issuer: 'embedded', subject: '1', email: 'ana@example.com' }
  await db.kysely
    .insertInto('accounts')
    .values({
      ...account,
      email_verified: 1,
      name: null,
      password_hash: null,
      created_at: 1,
      disabled_at: null,
    })
    .execute()
  const session = {
    account_id: 'user_1',
    device: 'x',
    signed_in_with: 'x',
    address: 'x',
    created_at: 1,
    last_used_at: 5,
    idle_expires_at: 9,
    expires_at: 9,
    ended_at: null,
  }
  await db.kysely
    .insertInto('sessions')
    .values([
      { ...session, id: 'ses_cli', kind: 'cli', grant_hash: 'g', cookie_hash: null },
      { ...session, id: 'ses_web', kind: 'browser', grant_hash: null, cookie_hash: 'c' },
    ])
    .execute()
  const models = ['Grant', 'AccessToken', 'RefreshToken', 'AuthorizationCode', 'Session'] as const
  for (const model of models) {
    const row = { model, id_hash: model, payload: '{}', grant_hash: 'g', expires_at: 9 }
    const rest = { uid_hash: null, user_code_hash: null, consumed_at: null }
    const values = { ...row, ...rest } as never // without the column that is not there yet
    await db.kysely.insertInto('oidc_states').values(values).execute()
  }
  await db.migrate(migrations)
  const states = await db.kysely.selectFrom('oidc_states').select('model').execute()
  expect(states).toEqual([{ model: 'Session' }])
  const sessions = await db.kysely.selectFrom('sessions').select(['id', 'ended_at']).execute()
  expect(sessions).toEqual([
    { id: 'ses_cli', ended_at: 5 },
    { id: 'ses_web', ended_at: null },
  ])
})
