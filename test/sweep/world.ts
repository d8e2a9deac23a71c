import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatKey } from '@norrix/contract/api-key-format.policy'
import { roles, scopes, type Role, type Scope } from '@norrix/contract/access.policy'
import { apiKeys } from '@norrix/contract/api-keys.operations'
import { runners } from '@norrix/contract/runners.operations'
import { sessions } from '@norrix/contract/sessions.operations'
import type { NorrixServer } from '@norrix/server/server'
import { signInCommandLine } from '../identity/command-line.ts'
import { startNorrix } from '../kit/norrix.ts'
import { bearer, claim, makeKey, type Person } from '../kit/people.ts'
import type { Who } from './expected.ts'
import type { KnownFields } from './example.ts'
import { furnish, type Things } from './furnish.ts'
import { openLedger, type Ledger } from './ledger.ts'
import { signUp } from './sign-up.ts'

/** One way to come to the server: what the request carries, and what that is worth. */
export interface Caller {
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
  readonly who: Who
}

/** Two organizations with everything in them, and everybody who could ask for it. */
export interface World {
  readonly server: NorrixServer
  readonly log: readonly string[]
  readonly ledger: Ledger
  readonly callers: readonly Caller[]
  /** Path parameters, by name. */
  readonly mine: Things
  readonly foreign: Things
  /** Ids of the right form that nothing has. */
  readonly absent: Things
  /** Everything that must never be seen in a log. */
  readonly secrets: readonly string[]
  stop(): Promise<void>
}

/** What a `bytes` body is filled with. */
export const payload = Buffer.from('not a real package, and nobody opens it here')

/** Bodies over this are refused; small, so that the sweep can be over it often. */
export const bytesMax = 64 * 1024

/** Right values of fields that a schema alone cannot give, by field name. */
export function knownFields(things: Things): KnownFields {
  return {
    ...things,
    sha256: createHash('sha256').update(payload).digest('hex'),
    contentType: 'application/zip',
    platform: 'android',
    name: 'sweep.zip',
    // The log of the fixtures' build ends there.
    offset: 6,
  }
}

/** Optional fields that the sweep always sends: a log that is followed would not end. */
export const alwaysSent: KnownFields = { follow: 'false' }

export async function startWorld(): Promise<World> {
  const distribution = mkdtempSync(join(tmpdir(), 'norrix-sweep-'))
  // Stands for the packed command line: the sweep looks at how it leaves, not at what it does.
  writeFileSync(join(distribution, 'norrix-cli.tgz'), payload)
  const norrix = await startNorrix({
    signUp: { kind: 'open' },
    limits: { sourceBytes: bytesMax, artifactBytes: bytesMax },
    distribution,
  })
  const { prod: server, log } = norrix
  const ledger = openLedger(join(server.dataFolder, 'norrix.db'))
  const owner = await claim(server)
  const stranger = await signUp(server, 'stranger@example.com')
  const here = await furnish(server, owner)
  const there = await furnish(server, stranger)
  const people = await populate(server, ledger, { owner, stranger })
  const keys = await keysOf({ owner, stranger })
  const dead = await deadCredentials(server, ledger, owner, here.lostLease)
  const runnerCallers = [
    tokenCaller('a runner', here.runnerToken, { kind: 'runner' }),
    tokenCaller('a runner of another organization', there.runnerToken, { kind: 'runner' }),
    leaseCaller('a lease', here),
    leaseCaller('a lease of another organization', there),
  ]
  keepLeases(ledger)
  ledger.keep()
  const callers = [...nobody(server), ...people, ...keys, ...runnerCallers, ...dead]
  return {
    server,
    log,
    ledger,
    callers,
    mine: here.things,
    foreign: there.things,
    absent: Object.fromEntries(
      Object.entries(here.things).map(([name, id]) => [name, `${id.split('_')[0]}_Absent0000`]),
    ),
    secrets: [
      ...callers.flatMap(({ headers }) => [headers['authorization'], headers['cookie']]),
      ...[owner.password, stranger.password, here.lostLease],
    ].flatMap((text = '') => text.split(/[ =]/).filter((word) => word.length >= 20)),
    async stop() {
      ledger.close()
      await norrix.stop()
      rmSync(distribution, { recursive: true })
    },
  }
}

/** What is over has run out as well, and what is not may not run out while the sweep goes on. */
function keepLeases(ledger: Ledger): void {
  const later = Date.now() + 3_600_000
  ledger.run('update leases set expires_at = ended_at where ended_at is not null')
  ledger.run('update leases set expires_at = ? where ended_at is null', later)
  ledger.run(`update jobs set lease_until = ? where state = 'running'`, later)
}

function nobody(server: NorrixServer): Caller[] {
  const unknown = (name: string, authorization: string, who: Who): Caller => ({
    name,
    headers: { authorization },
    who,
  })
  const random = randomBytes(32).toString('base64url')
  const dead = (code: Extract<Who, { kind: 'dead' }>['code']): Who => ({ kind: 'dead', code })
  const good = formatKey('prod', randomBytes)
  return [
    { name: 'no credential', headers: {}, who: { kind: 'nobody' } },
    unknown('a bearer of noise', `Bearer ${random}`, dead('session_ended')),
    unknown('an empty bearer', 'Bearer ', dead('unauthenticated')),
    unknown('a bearer of two words', `Bearer ${random} ${random}`, dead('unauthenticated')),
    unknown('Basic credentials', 'Basic YW5hOnNlY3JldA==', dead('unauthenticated')),
    unknown('an unknown key', `Bearer ${good}`, dead('key_invalid')),
    unknown('a mistyped key', `Bearer ${good.slice(0, -1)}`, dead('key_invalid')),
    unknown(
      "a key of the other environment's",
      `Bearer ${formatKey('dev', randomBytes)}`,
      dead('key_invalid'),
    ),
    unknown('an unknown runner token', `Bearer nrr_${random}`, dead('runner_unknown')),
    unknown('an unknown lease token', `Bearer nrl_${random}`, dead('lease_lost')),
    cookieCaller(server, 'a cookie of noise', random, dead('session_ended')),
  ]
}

/**
 * People in every role, by cookie and by token. Invitations do not exist yet, so accounts are made by signing up and their
 * membership rows are written straight into the database.
 */
async function populate(
  server: NorrixServer,
  ledger: Ledger,
  { owner, stranger }: { owner: Person; stranger: Person },
): Promise<Caller[]> {
  const callers: Caller[] = []
  const add = async (role: Role, person: Person, own: Record<string, Role>): Promise<void> => {
    const who: Who = { kind: 'person', roles: { ...own, [owner.orgId]: role } }
    const { tokens } = await signInCommandLine(server.url, undefined, person)
    callers.push(
      { name: `${role} by cookie`, headers: cookieHeaders(server, person.cookie), who },
      tokenCaller(`${role} by token`, tokens.access_token, who),
    )
  }
  for (const role of roles) {
    if (role === 'owner') {
      await add(role, owner, {})
      continue
    }
    const person = await signUp(server, `${role}@example.com`)
    const { user } = await person.client.call(sessions.whoami, {})
    ledger.run(
      'insert into members (org_id, account_id, role, created_at) values (?, ?, ?, ?)',
      ...[owner.orgId, user?.id ?? '', role, Date.now()],
    )
    await add(role, person, { [person.orgId]: 'owner' })
  }
  const who: Who = { kind: 'person', roles: { [stranger.orgId]: 'owner' } }
  const headers = cookieHeaders(server, stranger.cookie)
  return [...callers, { name: 'owner of another organization', headers, who }]
}

/** A key for every set of scopes, and one of the other organization with all. */
async function keysOf({ owner, stranger }: { owner: Person; stranger: Person }): Promise<Caller[]> {
  const make = async (person: Person, set: Scope[], name: string): Promise<Caller> => {
    const { secret } = await makeKey(person, set)
    return tokenCaller(name, secret, { kind: 'key', orgId: person.orgId, scopes: set })
  }
  const callers = [await make(stranger, [...scopes], 'a key of another organization')]
  for (const set of subsets(scopes)) {
    callers.push(await make(owner, set, `a key with ${set.join(' and ')}`))
  }
  return callers
}

function subsets<T>(all: readonly T[]): T[][] {
  return Array.from({ length: 2 ** all.length - 1 }, (_, index) =>
    all.filter((_item, at) => ((index + 1) >> at) % 2 === 1),
  )
}

/** What was good once. */
async function deadCredentials(
  server: NorrixServer,
  ledger: Ledger,
  owner: Person,
  lostLease: string,
): Promise<Caller[]> {
  const revoked = await makeKey(owner, [...scopes])
  const oneKey = { orgId: owner.orgId, keyId: revoked.id }
  await owner.client.call(apiKeys.revoke, { params: oneKey, body: {} })
  const expired = await makeKey(owner, [...scopes])
  ledger.run('update api_keys set expires_at = ? where id = ?', Date.now() - 1, expired.id)
  const gone = await signUp(server, 'gone@example.com')
  await gone.client.call(sessions.end, {})
  const disabled = await signUp(server, 'disabled@example.com')
  ledger.run('update accounts set disabled_at = ? where email = ?', Date.now(), disabled.email)
  const device = await signInCommandLine(server.url, undefined, owner)
  await bearer(server.url, device.tokens.access_token).call(sessions.end, {})
  const params = { orgId: owner.orgId }
  const { token, runner } = await owner.client.call(runners.create, { params, body: { name: 'x' } })
  await owner.client.call(runners.remove, { params: { ...params, runnerId: runner.id } })
  const dead = (code: Extract<Who, { kind: 'dead' }>['code']): Who => ({ kind: 'dead', code })
  return [
    tokenCaller('a revoked key', revoked.secret, dead('key_revoked')),
    tokenCaller('an expired key', expired.secret, dead('key_expired')),
    tokenCaller('a signed-out token', device.tokens.access_token, dead('session_ended')),
    tokenCaller("a removed runner's token", token, dead('runner_unknown')),
    tokenCaller('a lost lease', lostLease, dead('lease_lost')),
    {
      name: 'a signed-out cookie',
      headers: cookieHeaders(server, gone.cookie),
      who: dead('session_ended'),
    },
    {
      name: 'a disabled person',
      headers: cookieHeaders(server, disabled.cookie),
      who: dead('session_ended'),
    },
  ]
}

function tokenCaller(name: string, token: string, who: Who): Caller {
  return { name, headers: { authorization: `Bearer ${token}` }, who }
}

function leaseCaller(
  name: string,
  { leaseToken, things }: { leaseToken: string; things: Things },
): Caller {
  return tokenCaller(name, leaseToken, { kind: 'lease', leaseId: things['leaseId'] ?? '' })
}

function cookieCaller(server: NorrixServer, name: string, value: string, who: Who): Caller {
  return { name, headers: cookieHeaders(server, `norrix_${server.kind}_session=${value}`), who }
}

/** As a page of ours sends it. */
function cookieHeaders(server: NorrixServer, cookie: string): Record<string, string> {
  return { cookie, origin: server.url, 'sec-fetch-site': 'same-origin' }
}
