import { randomBytes } from 'node:crypto'
import { formatKey } from '@norrix/contract/api-key-format.policy'
import { roles, scopes, type Role, type Scope } from '@norrix/contract/access.policy'
import { apiKeys } from '@norrix/contract/api-keys.operations'
import { runners } from '@norrix/contract/runners.operations'
import { sessions } from '@norrix/contract/sessions.operations'
import type { NorrixServer } from '@norrix/server/server'
import type { Browser } from '../identity/browser.ts'
import { signInCommandLine } from '../identity/command-line.ts'
import { makeKey, type Person } from '../kit/people.ts'
import { boundClient, boundHeaders, type Bound, type Twist } from '../kit/proofs.ts'
import type { Who } from './expected.ts'
import type { Furnished, Things } from './furnish.ts'
import type { Ledger } from './ledger.ts'
import { signUp } from './sign-up.ts'
import type { Ask } from './wire.ts'

/** One way to come to the server: what the request carries, and what that is worth. */
export interface Caller {
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
  /** Of the token in the headers. */
  readonly proof?: Ask['proof']
  readonly who: Who
  /** Ids of its own, where a thing belongs to a person and not to an organization. */
  readonly things?: Things
}

/** Who never was anybody here. */
export function strangers(server: NorrixServer): Caller[] {
  const unknown = (name: string, authorization: string, who: Who): Caller => ({
    name,
    headers: { authorization },
    who,
  })
  const random = randomBytes(32).toString('base64url')
  const good = formatKey('prod', randomBytes)
  return [
    { name: 'no credential', headers: {}, who: { kind: 'nobody' } },
    unknown('a bearer of noise', `Bearer ${random}`, deadAs('proof_invalid')),
    unknown('a token of noise', `DPoP ${random}`, deadAs('session_ended')),
    unknown('an empty bearer', 'Bearer ', deadAs('unauthenticated')),
    unknown('a bearer of two words', `Bearer ${random} ${random}`, deadAs('unauthenticated')),
    unknown('Basic credentials', 'Basic YW5hOnNlY3JldA==', deadAs('unauthenticated')),
    unknown('an unknown key', `Bearer ${good}`, deadAs('key_invalid')),
    unknown('a mistyped key', `Bearer ${good.slice(0, -1)}`, deadAs('key_invalid')),
    unknown(
      "a key of the other environment's",
      `Bearer ${formatKey('dev', randomBytes)}`,
      deadAs('key_invalid'),
    ),
    unknown('an unknown runner token', `Bearer nrr_${random}`, deadAs('runner_unknown')),
    unknown('an unknown lease token', `Bearer nrl_${random}`, deadAs('lease_lost')),
    cookieCaller(server, 'a cookie of noise', random, deadAs('session_ended')),
  ]
}

/**
 * People in every role, by cookie and by token. Invitations do not exist yet, so accounts are made by signing up and their
 * membership rows are written straight into the database.
 */
export async function people(
  server: NorrixServer,
  ledger: Ledger,
  { owner, stranger }: { owner: Person; stranger: Person },
): Promise<Caller[]> {
  const callers: Caller[] = []
  const add = async (
    role: Role,
    person: Person & { readonly browser?: Browser },
    own: Record<string, Role>,
  ): Promise<void> => {
    const who: Who = { kind: 'person', roles: { ...own, [owner.orgId]: role } }
    const { bound } = await signInCommandLine(server.url, person.browser, person)
    const things = await sessionOf(person)
    callers.push(
      { name: `${role} by cookie`, headers: cookieHeaders(server, person.cookie), who, things },
      { ...boundCaller(`${role} by token`, bound, who), things },
    )
  }
  for (const role of roles) {
    if (role === 'owner') {
      await add(role, owner, {})
      continue
    }
    const person = await signUp(server, `${role}@example.com`)
    const { user } = await person.client.call(sessions.whoami, {})
    await ledger.run(
      'insert into members (org_id, account_id, role, created_at) values (?, ?, ?, ?)',
      owner.orgId,
      user?.id ?? '',
      role,
      Date.now(),
    )
    await add(role, person, { [person.orgId]: 'owner' })
  }
  const who: Who = { kind: 'person', roles: { [stranger.orgId]: 'owner' } }
  const headers = cookieHeaders(server, stranger.cookie)
  const things = await sessionOf(stranger)
  return [...callers, { name: 'owner of another organization', headers, who, things }]
}

/** A session is its person's alone, whatever their role. */
async function sessionOf({ client }: Person): Promise<Things> {
  const { session } = await client.call(sessions.whoami, {})
  return { sessionId: session?.id ?? '' }
}

/** A key for every set of scopes, and one of the other organization with all. */
export async function keys({
  owner,
  stranger,
}: {
  owner: Person
  stranger: Person
}): Promise<Caller[]> {
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

function deadAs(code: Extract<Who, { kind: 'dead' }>['code']): Who {
  return { kind: 'dead', code }
}

function subsets<T>(all: readonly T[]): T[][] {
  return Array.from({ length: 2 ** all.length - 1 }, (_, index) =>
    all.filter((_item, at) => ((index + 1) >> at) % 2 === 1),
  )
}

/** What was good once. */
export async function dead(
  server: NorrixServer,
  ledger: Ledger,
  owner: Person,
  lostLease: string,
): Promise<Caller[]> {
  const revoked = await makeKey(owner, [...scopes])
  const oneKey = { orgId: owner.orgId, keyId: revoked.id }
  await owner.client.call(apiKeys.revoke, { params: oneKey, body: {} })
  const expired = await makeKey(owner, [...scopes])
  await ledger.run('update api_keys set expires_at = ? where id = ?', Date.now() - 1, expired.id)
  const gone = await signUp(server, 'gone@example.com')
  await gone.client.call(sessions.end, {})
  const disabled = await signUp(server, 'disabled@example.com')
  await ledger.run(
    'update accounts set disabled_at = ? where email = ?',
    Date.now(),
    disabled.email,
  )
  const device = await signInCommandLine(server.url, undefined, owner)
  await boundClient(server.url, device.bound).call(sessions.end, {})
  const { bound } = await signInCommandLine(server.url, undefined, owner)
  const params = { orgId: owner.orgId }
  const { token, runner } = await owner.client.call(runners.create, { params, body: { name: 'x' } })
  await owner.client.call(runners.remove, { params: { ...params, runnerId: runner.id } })
  return [
    tokenCaller('a revoked key', revoked.secret, deadAs('key_revoked')),
    tokenCaller('an expired key', expired.secret, deadAs('key_expired')),
    boundCaller('a signed-out token', device.bound, deadAs('session_ended')),
    ...unproven(bound, device.bound),
    tokenCaller("a removed runner's token", token, deadAs('runner_unknown')),
    tokenCaller('a lost lease', lostLease, deadAs('lease_lost')),
    {
      name: 'a signed-out cookie',
      headers: cookieHeaders(server, gone.cookie),
      who: deadAs('session_ended'),
    },
    {
      name: 'a disabled person',
      headers: cookieHeaders(server, disabled.cookie),
      who: deadAs('session_ended'),
    },
  ]
}

/** A session's token by whoever has stolen it, but not its key (T32, T33). */
function unproven(good: Bound, other: Bound): Caller[] {
  const invalid = deadAs('proof_invalid')
  const wrong = (name: string, twist: Twist): Caller =>
    boundCaller(`a token with a proof ${name}`, good, invalid, twist)
  const ofOtherKey = { key: other.key, token: good.token }
  return [
    tokenCaller("a session's token as bearer", good.token, invalid),
    {
      name: 'a token without a proof',
      headers: { authorization: `DPoP ${good.token}` },
      who: invalid,
    },
    boundCaller('a token with a proof of another key', ofOtherKey, invalid),
    wrong('that another key has signed', { signer: other.key }),
    wrong('for another method', { claims: { htm: 'PATCH' } }),
    wrong('for another address', { claims: { htu: 'http://localhost:4400/api/whoami' } }),
    wrong('for another token', { claims: { ath: other.token } }),
    wrong('of ten minutes ago', { claims: { iat: Math.floor(Date.now() / 1000) - 600 } }),
  ]
}

function boundCaller(name: string, bound: Bound, who: Who, twist?: Twist): Caller {
  return {
    name,
    headers: { authorization: `DPoP ${bound.token}` },
    proof: async (asked) => (await boundHeaders(bound, asked, twist)).dpop,
    who,
  }
}

function tokenCaller(name: string, token: string, who: Who): Caller {
  return { name, headers: { authorization: `Bearer ${token}` }, who }
}

/** Machines of both organizations. */
export function machines(here: Furnished, there: Furnished): Caller[] {
  return [
    tokenCaller('a runner', here.runnerToken, { kind: 'runner' }),
    tokenCaller('a runner of another organization', there.runnerToken, { kind: 'runner' }),
    leaseCaller('a lease', here),
    leaseCaller('a lease of another organization', there),
  ]
}

function leaseCaller(name: string, { leaseToken, things }: Furnished): Caller {
  return tokenCaller(name, leaseToken, { kind: 'lease', leaseId: things['leaseId'] ?? '' })
}

function cookieCaller(server: NorrixServer, name: string, value: string, who: Who): Caller {
  return { name, headers: cookieHeaders(server, `norrix_${server.kind}_session=${value}`), who }
}

/** As a page of ours sends it. */
function cookieHeaders(server: NorrixServer, cookie: string): Record<string, string> {
  return { cookie, origin: server.url, 'sec-fetch-site': 'same-origin' }
}
