// What two servers do to one sign-in, or to one claim, at the same moment.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeDatabase, type TestDatabase } from '../../../../../test/kit/test-database.ts'
import { openDatabase, type Database } from '../../kernel/db/database.ts'
import { hashToken } from '../../kernel/secrets.ts'
import type { Tables } from '../../schema/index.ts'
import { migrations } from '../../schema/migrations/index.ts'
import { stateAdapter } from './authorization-server/adapter.ts'
import { replaceClaim, useClaim } from './claims/store.ts'
import { claimDeviceRequest, settleDeviceRequest } from './authorization-server/device-codes.ts'
import { saveState, sweepStates, sweptAfterMs, takeState } from './states.ts'

let folder: string
let database: TestDatabase
let db: Database<Tables>
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'norrix-races-'))
  database = await makeDatabase(folder)
  db = openDatabase<Tables>(database.config)
  await db.migrate(migrations)
})
afterEach(async () => {
  await db.close()
  await database.drop()
  rmSync(folder, { recursive: true })
})

const adapters = () => stateAdapter({ db, now: Date.now, onReuse: () => undefined })

test('a token that is written while its grant ends is not there afterwards', async () => {
  const [grants, tokens] = [adapters()('Grant'), adapters()('AccessToken')]
  for (let round = 0; round < 30; round += 1) {
    const grantId = randomBytes(8).toString('hex')
    await grants.upsert(grantId, { kind: 'Grant', exp: 1 }, 600)
    const writes = [1, 2, 3].map((n) => tokens.upsert(`${grantId}${n}`, { grantId }, 600))
    const ends = [grants.destroy(grantId), tokens.revokeByGrantId(grantId)]
    await Promise.allSettled([...writes, ...ends])
    const left = await db.kysely
      .selectFrom('oidc_states')
      .select('model')
      .where('grant_hash', '=', hashToken(grantId))
      .execute()
    expect(left).toEqual([])
  }
})

test('of many who bring one code one is served', async () => {
  const codes = adapters()('AuthorizationCode')
  await adapters()('Grant').upsert('grant', { kind: 'Grant' }, 600)
  await codes.upsert('code', { grantId: 'grant' }, 600)
  const uses = await Promise.allSettled([1, 2, 3, 4, 5].map(() => codes.consume('code')))
  expect(uses.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1)
})

test('of many who come back from an upstream with one trip one goes on', async () => {
  const trip = { model: 'UpstreamTrip', id: 'secret' }
  await saveState(db.kysely, { ...trip, payload: {}, expiresAt: Date.now() + 60_000 })
  const taken = await Promise.all([1, 2, 3, 4, 5].map(() => takeState(db.kysely, trip, Date.now())))
  expect(taken.filter((payload) => payload !== undefined)).toHaveLength(1)
})

test('of many who claim a code at once it is one person’s, and of many answers one is heard (T17)', async () => {
  const now = Date.now()
  const expiresAt = now + 60_000
  const request = { handle: 'handle', params: {}, address: '::1', startedAt: now, expiresAt }
  const deps = { db, effects: { now: () => now } }
  const people = ['user_1', 'user_2', 'user_3', 'user_4', 'user_5']
  const claims = await Promise.all(
    people.map((accountId) => claimDeviceRequest(deps, request, accountId)),
  )
  expect(claims.filter(Boolean)).toHaveLength(1)
  const owner = people[claims.indexOf(true)] ?? ''
  const heard = await Promise.all(people.map(() => settleDeviceRequest(deps, request, owner)))
  expect(heard.filter(Boolean)).toHaveLength(1)
})

test('two sweeps at once remove what expired a while ago and nothing else', async () => {
  for (let n = 0; n < 50; n += 1) {
    const expiresAt = Date.now() + (n % 2 ? -1 : -sweptAfterMs - 1)
    await saveState(db.kysely, { model: 'Session', id: `${n}`, payload: {}, expiresAt })
  }
  await Promise.all([1, 2, 3, 4].map(() => sweepStates(db.kysely, Date.now())))
  const left = await db.kysely.selectFrom('oidc_states').select('id_hash').execute()
  expect(left).toHaveLength(25)
})

test('links that are made while the server is being claimed open nothing: there is one first owner', async () => {
  const link = () => ({
    id: randomBytes(8).toString('hex'),
    token_hash: randomBytes(8).toString('hex'),
    created_at: 1,
    expires_at: Date.now() + 60_000,
  })
  const first = link()
  await replaceClaim(db.kysely, first)
  const made = [link(), link(), link(), link()]
  const takes = [first, ...made].map(async ({ id }) => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 10))
    return useClaim(db.kysely, id, Date.now())
  })
  const links = made.map((each) => replaceClaim(db.kysely, each))
  const taken = (await Promise.all(takes)).filter(Boolean).length
  await Promise.all(links)
  expect(taken).toBeLessThanOrEqual(1)
  const rows = await db.kysely.selectFrom('claims').selectAll().execute()
  expect(rows).toHaveLength(1)
  let later = 0
  for (const { id } of [first, ...made]) if (await useClaim(db.kysely, id, Date.now())) later += 1
  expect(taken + later).toBe(1)
  expect(await replaceClaim(db.kysely, link())).toBe(false)
})
