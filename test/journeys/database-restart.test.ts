// T94: the database goes away in mid-request and comes back. Nobody is let in who was not, nobody is signed out who was.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { apiKeys } from '@norrix/contract/api-keys.operations'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientAt, ownerOf, sendClaim, tokenOf } from '../kit/fleet-people.ts'
import { ownPostgres, type OwnPostgres } from '../kit/postgres/run.ts'
import { startFleet, type Fleet, type FleetServer } from '../kit/two-servers.ts'

let postgres: OwnPostgres
let fleet: Fleet
let server: FleetServer
let owner: { orgId: string; cookie: string }

beforeAll(async () => {
  postgres = await ownPostgres()
  fleet = await startFleet(postgres.remote)
  server = await fleet.start()
  const { cookie } = await sendClaim(fleet, server, tokenOf(server.prod.ownerLink))
  owner = await ownerOf(fleet, server, cookie ?? '')
})
afterAll(async () => {
  await fleet?.stop()
  await postgres?.end()
})

interface Seen {
  readonly status: number
  readonly retryAfter: string | null
  readonly at: number
}

/** Asks again and again until it is told to stop. */
function keepAsking(path: string, init: RequestInit): { stop(): Promise<readonly Seen[]> } {
  const seen: Seen[] = []
  let isOver = false
  const ask = async (): Promise<void> => {
    while (!isOver) {
      const answer = await fetch(`${server.origin}${path}`, { redirect: 'manual', ...init })
      await answer.arrayBuffer()
      const retryAfter = answer.headers.get('retry-after')
      seen.push({ status: answer.status, retryAfter, at: Date.now() })
      await sleep(2)
    }
  }
  const asking = Promise.all([ask(), ask(), ask()])
  return {
    async stop() {
      isOver = true
      await asking
      return seen
    },
  }
}

const statuses = (seen: readonly Seen[]) =>
  [...new Set(seen.map(({ status }) => status))].toSorted((x, y) => x - y)

test('while the database is away every answer is a refusal to come back for, and then all is as it was', async () => {
  const person = clientAt(fleet, server, owner)
  const make = async () =>
    person.call(apiKeys.create, {
      params: { orgId: owner.orgId },
      body: { name: randomBytes(4).toString('hex'), scopes: ['build'], expiresAt: null },
    })
  const good = await make()
  const dead = await make()
  const ofDead = { orgId: owner.orgId, keyId: dead.apiKey.id }
  await person.call(apiKeys.revoke, { params: ofDead, body: {} })
  const whoami = (headers: Record<string, string>) => keepAsking('/api/whoami', { headers })
  const asking = {
    good: whoami({ authorization: `Bearer ${good.secret}` }),
    session: whoami({ cookie: owner.cookie }),
    dead: whoami({ authorization: `Bearer ${dead.secret}` }),
    refresh: keepAsking('/token', {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: 'norrix-cli',
        refresh_token: randomBytes(32).toString('base64url'),
      }),
    }),
    page: keepAsking('/claim?token=x', { headers: { accept: 'text/html' } }),
  }
  await sleep(500)
  await postgres.stop()
  const gone = Date.now()
  await sleep(1500)
  const back = Date.now()
  await postgres.start()
  await sleep(1500)
  const seen = {
    good: await asking.good.stop(),
    session: await asking.session.stop(),
    dead: await asking.dead.stop(),
    refresh: await asking.refresh.stop(),
    page: await asking.page.stop(),
  }
  expect(statuses(seen.good)).toEqual([200, 503])
  expect(statuses(seen.session)).toEqual([200, 503])
  expect(statuses(seen.dead)).toEqual([401, 503])
  expect(statuses(seen.refresh)).toEqual([400, 503])
  expect(statuses(seen.page)).toEqual([410, 503])
  for (const answers of Object.values(seen)) {
    const away = answers.filter(({ at }) => at > gone + 200 && at < back)
    expect(statuses(away)).toEqual([503])
    for (const { status, retryAfter } of answers) expect(retryAfter === null).toBe(status !== 503)
    expect(answers.at(-1)?.status).not.toBe(503)
  }
  expect(server.hosted.process.exitCode).toBe(null)
})
