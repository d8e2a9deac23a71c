// Two server processes on one PostgreSQL: what is revoked on one is refused by both, however many ask meanwhile.
import { randomBytes } from 'node:crypto'
import { apiKeys } from '@norrix/contract/api-keys.operations'
import { sessions } from '@norrix/contract/sessions.operations'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signInCommandLine } from '../identity/command-line.ts'
import {
  clientAt,
  headersAt,
  ownerOf,
  sendClaim,
  tokenOf,
  type FleetCredential,
} from '../kit/fleet-people.ts'
import { runningPostgres } from '../kit/postgres/run.ts'
import { kinds, loadWhileRevoking, sentIn, type Lane, type Tally } from '../kit/revoking-load.ts'
import { makeDatabase, type TestDatabase } from '../kit/test-database.ts'
import { startFleet, type Fleet, type FleetServer } from '../kit/two-servers.ts'
import { signUp } from '../sweep/sign-up.ts'

const isLong = process.env['NORRIX_TEST_LONG'] === '1'
const requests = isLong ? 1_000_000 : 4000
/** Of each lane; there are two for each kind of credential. */
const rounds = isLong ? 200 : 3

let database: TestDatabase
let fleet: Fleet
let servers: readonly [FleetServer, FleetServer]
let owner: { orgId: string; cookie: string }

beforeAll(async () => {
  database = await makeDatabase('')
  const { remote } = await runningPostgres()
  if (database.config.kind !== 'postgres') throw new Error('unreachable')
  fleet = await startFleet({ ...remote, database: database.config.database })
  const a = await fleet.start()
  servers = [a, await fleet.start()]
  const { cookie } = await sendClaim(fleet, servers[1], tokenOf(servers[1].prod.ownerLink))
  owner = await ownerOf(fleet, a, cookie ?? '')
})
afterAll(async () => {
  await fleet?.stop()
  await database?.drop()
})

test(
  `of ${requests} requests by 64 clients, none is accepted that began after the revoke was answered`,
  async ({ annotate }) => {
    const lanes = await Promise.all([0, 1].flatMap(() => [keys(), tokens(), cookies()]))
    const tally = await loadWhileRevoking({ servers, lanes, clients: 64, requests, rounds })
    const { late } = tally
    await annotate(inWords(tally))
    expect(late.slice(0, 10)).toEqual([])
    expect(sentIn(tally)).toBeGreaterThanOrEqual(requests)
    for (const kind of kinds) {
      expect(tally.revoked[kind]).toBeGreaterThanOrEqual(2 * rounds)
      expect(tally.refused[kind]).toBeGreaterThan(10 * tally.revoked[kind])
    }
    expect(tally.refusedByOther).toBeGreaterThan(1000)
    expect(tally.underWay).toBeGreaterThan(10)
    // Kept, but for those that nobody needed for seconds.
    expect(tally.connections).toBeLessThan(sentIn(tally) / 20)
  },
  isLong ? 3_600_000 : 120_000,
)

async function keys(): Promise<Lane> {
  const { orgId } = owner
  const person = clientAt(fleet, servers[0], owner)
  return {
    kind: 'key',
    async make() {
      const body = { name: 'load', scopes: ['build' as const], expiresAt: null }
      const { apiKey, secret } = await person.call(apiKeys.create, { params: { orgId }, body })
      return {
        headers: async () => ({ authorization: `Bearer ${secret}` }),
        async revoke(at) {
          const params = { orgId, keyId: apiKey.id }
          await clientAt(fleet, at, owner).call(apiKeys.revoke, { params, body: {} })
        },
      }
    },
  }
}

/** A command line that signs in again each time; the browser remembers who it is. */
async function tokens(): Promise<Lane> {
  const person = await newPerson()
  return {
    kind: 'token',
    async make() {
      const { bound } = await signInCommandLine(fleet.publicUrl, person.browser, person)
      return revocableSession({ bound })
    },
  }
}

/** A browser that signs in to the dashboard again each time. */
async function cookies(): Promise<Lane> {
  const { browser } = await newPerson()
  return {
    kind: 'cookie',
    async make() {
      await browser.open(`${fleet.publicUrl}/sign-in`)
      const name = 'norrix_prod_session'
      return revocableSession({ cookie: `${name}=${browser.cookie(name)}` })
    },
  }
}

/** A session is ended by whoever holds it. */
function revocableSession(held: FleetCredential) {
  const asked = { method: 'GET', url: `${fleet.publicUrl}/api/whoami` }
  return {
    headers: () => headersAt(fleet, held, asked),
    revoke: (at: FleetServer) => clientAt(fleet, at, held).call(sessions.end, {}),
  }
}

function inWords(tally: Tally): string {
  const { asked, refused, revoked, seconds } = tally
  const sent = sentIn(tally)
  const each = kinds.map(
    (kind) =>
      `${asked[kind]} by ${revoked[kind]} ${kind}s one after another (${refused[kind]} refused)`,
  )
  return [
    `${sent} requests in ${seconds.toFixed(1)} s (${Math.round(sent / seconds)}/s)`,
    `${tally.cpuSeconds.toFixed(1)} s of processor time for the clients`,
    `${tally.connections} connections`,
    ...each,
    `${tally.refusedByOther} refused by the server that did not revoke`,
    `${tally.underWay} under way as the answer came`,
    `${tally.late.length} accepted too late`,
  ].join(', ')
}

function newPerson() {
  const name = randomBytes(4).toString('hex')
  return signUp({ kind: 'prod', url: fleet.publicUrl }, `${name}@example.com`)
}
