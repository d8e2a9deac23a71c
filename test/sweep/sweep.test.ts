import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Access } from '@norrix/contract/access.policy'
import type { Operation } from '@norrix/contract/operation'
import { operations } from '@norrix/contract/operations'
import { refusalWrongs, headerWrongs, wrongsOf } from './answers.ts'
import { accessCases, casesOf, fittest } from './cases.ts'
import { draftOf, write, type Case } from './drafts.ts'
import { pipeline, wireTo } from './wire.ts'
import { startWorld, type World } from './world.ts'

/**
 * The access sweep: every operation of the contract, asked by everybody in every wrong way, over a socket. An operation that
 * joins the contract is swept without being named here. There are no exceptions.
 */

let world: World
let wire: ReturnType<typeof wireTo>
const size = { operations: 0, cases: 0 }

beforeAll(async () => {
  world = await startWorld()
  wire = wireTo(world.server.url)
})
afterAll(async () => {
  wire?.close()
  await world?.stop()
})

/** Asks, and says what is wrong with the answer and with what the server wrote. */
async function tryCase(operation: Operation, { title, ask, expected }: Case): Promise<string[]> {
  const answer = await wire.send(ask).catch((error: Error) => error)
  if (answer instanceof Error) return [`${title}: no answer: ${answer.message}`]
  const wrongs = wrongsOf(operation, answer, expected)
  const changes = await world.ledger.changes()
  const mayWrite = expected === 'success' && operation.method !== 'GET'
  if (changes.length > 0) {
    if (!mayWrite) wrongs.push(`wrote to ${changes.join(', ')}`)
    await world.ledger.restore(changes)
  }
  return wrongs.map((wrong) => `${title}: ${wrong}`)
}

async function wrongsIn(operation: Operation, cases: readonly Case[]): Promise<string[]> {
  const wrongs: string[] = []
  for (const each of cases) wrongs.push(...(await tryCase(operation, each)))
  return wrongs
}

test.each(operations.map((operation) => [operation.id, operation] as const))(
  '%s answers everybody as its declared access says, and writes only where it may',
  async (_id, operation) => {
    const cases = casesOf(world, operation)
    size.operations += 1
    size.cases += cases.length
    expect(await wrongsIn(operation, cases)).toEqual([])
  },
)

test.each(
  operations.filter(({ method }) => method === 'GET').map((each) => [each.id, each] as const),
)('%s answers HEAD as it answers GET, without a body and at once', async (_id, operation) => {
  const [fit = { headers: {} }] = fittest(world, operation)
  const draft = draftOf(operation, world.mine)
  const absent = { ...draft, params: draftOf(operation, world.absent).params }
  const asks = [
    write(operation, fit, draft),
    write(operation, { headers: {} }, draft),
    write(operation, fit, absent),
  ]
  for (const ask of asks) {
    size.cases += 1
    const get = await wire.send(ask)
    const head = await wire.send({ ...ask, method: 'HEAD' })
    expect([head.status, head.text]).toEqual([get.status, ''])
    for (const name of ['content-type', 'content-disposition', 'content-security-policy']) {
      expect([name, head.headers[name]]).toEqual([name, get.headers[name]])
    }
    expect(headerWrongs(head)).toEqual([])
  }
  // A stream that GET would follow: nothing is left to follow, and the connection is free for the next request.
  size.cases += 1
  const followed = write(operation, fit, { ...draft, query: withoutFollow(draft.query) })
  const next = { method: 'GET', target: '/.well-known/norrix' }
  const { url } = world.server
  expect(await pipeline(url, [{ ...followed, method: 'HEAD' }, next])).toEqual([200, 200])
  expect(await world.ledger.changes()).toEqual([])
})

function withoutFollow({ follow: _, ...query }: Readonly<Record<string, unknown>>) {
  return query
}

test.each([...new Set(operations.map(({ path }) => path))])(
  '%s refuses every method that is not declared, and says which are',
  async (path) => {
    const here = operations.filter((operation) => operation.path === path)
    const declared = here.map(({ method }) => String(method))
    const [first] = here
    if (!first) throw new Error('unreachable')
    const [fit = { headers: {} }] = fittest(world, first)
    const { target } = write({ ...first, body: 'none' }, fit, draftOf(first, world.mine))
    const wrongs: string[] = []
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      if (declared.includes(method)) continue
      size.cases += 1
      const answer = await wire.send({ method, target, headers: fit.headers })
      wrongs.push(...headerWrongs(answer))
      wrongs.push(...refusalWrongs(answer, 'method_not_allowed', ['method_not_allowed']))
      const allowed = String(answer.headers.allow).split(', ')
      if (!declared.every((each) => allowed.includes(each)))
        wrongs.push(`allows ${allowed.join(', ')}`)
    }
    expect(wrongs).toEqual([])
    expect(await world.ledger.changes()).toEqual([])
  },
)

/** What no declaration may say, whoever writes it: the sweep believes declarations, these tests do not. */
test('whatever stands under an organization or a lease asks for it, and nothing that changes something is for everybody', () => {
  for (const { id, path, method, access } of operations) {
    expect([id, access.kind === 'org']).toEqual([id, path.includes('{orgId}')])
    expect([id, access.kind === 'lease']).toEqual([id, path.includes('{leaseId}')])
    if (access.kind === 'public') expect([id, method]).toEqual([id, 'GET'])
  }
})

test('no key makes, reads or revokes keys, and none changes members, runners, credentials or settings', () => {
  const forPeople =
    /^(apiKeys|members|invitations|credentials|variables|settings|webhooks)\.|^(orgs|runners|sessions)\.(?!list|show|availability|whoami)/
  const isOpen = ({ kind, ...rest }: Access): boolean =>
    kind === 'holder' || (kind === 'org' && 'scopes' in rest && rest.scopes !== 'none')
  const open = operations.filter(({ id, access }) => forPeople.test(id) && isOpen(access))
  expect(open.map(({ id }) => id)).toEqual([])
})

test.each<[string, Access]>([
  ['apiKeys.revoke', { kind: 'org', role: 'member', scopes: 'any' }],
  ['builds.list', { kind: 'org', role: 'member', scopes: ['submit'] }],
  ['sessions.end', { kind: 'holder' }],
  ['leases.finish', { kind: 'runner' }],
  ['orgs.show', { kind: 'public' }],
  ['runners.create', { kind: 'org', role: 'owner', scopes: 'none' }],
])('the sweep is not blind: it turns red when %s is held to another access', async (id, access) => {
  const operation = operations.find((each) => each.id === id)
  if (!operation) throw new Error(`There is no ${id} any more; choose another operation.`)
  const told = { ...operation, access }
  expect(await wrongsIn(told, accessCases(world, told))).not.toEqual([])
})

test('no credential that the sweep sent is in the log, and nothing failed inside the server', () => {
  const log = world.log.join('')
  expect(log.length).toBeGreaterThan(0)
  expect(world.secrets.length).toBeGreaterThan(30)
  expect(world.secrets.filter((secret) => log.includes(secret))).toEqual([])
  expect(world.log.filter((line) => line.includes('"level":"error"'))).toEqual([])
})

test('the sweep is as large as it says', async ({ annotate }) => {
  await annotate(`Access sweep: ${size.operations} operations, ${size.cases} cases, no exceptions`)
  expect(size.operations).toBe(operations.length)
  expect(size.cases).toBeGreaterThan(100 * operations.length)
})
