import type { Operation } from '@norrix/contract/operation'
import { draftOf, write, type Case } from './drafts.ts'
import { expectedOf, type Expected } from './expected.ts'
import { bodyCases, queryCases } from './input-cases.ts'
import type { Caller, World } from './world.ts'

/** All that can be asked of one operation, rightly and wrongly. */
export function casesOf(world: World, operation: Operation): readonly Case[] {
  const made = [
    ...accessCases(world, operation),
    ...fittest(world, operation).flatMap((caller) => [
      ...thingCases(world, operation, caller),
      ...queryCases(world, operation, caller),
      ...bodyCases(world, operation, caller),
    ]),
    ...originCases(world, operation),
    ...hugeCases(operation, world),
  ]
  return made.map((each) => ({ ...each, title: `${operation.id}: ${each.title}` }))
}

/** Everybody, at the first organization, at the other one, and where there is none. */
export function accessCases(world: World, operation: Operation): readonly Case[] {
  const places = { 'at home': world.mine, abroad: world.foreign, nowhere: world.absent }
  return Object.entries(places).flatMap(([place, things]) => {
    if (place !== 'at home' && !/\{(orgId|leaseId)\}/.test(operation.path)) return []
    return world.callers.map((caller) => {
      const draft = draftOf(operation, { ...things, ...caller.things })
      return {
        title: `${caller.name}, ${place}`,
        ask: write(operation, caller, draft),
        expected: expectedOf(operation.access, caller.who, draft.params),
      }
    })
  })
}

/** Whoever may do it: a person and, where one may, a key too, since the two take different ways through the server. */
export function fittest(world: World, operation: Operation): readonly Caller[] {
  const { params } = draftOf(operation, world.mine)
  const may = world.callers.filter(
    ({ who }) => expectedOf(operation.access, who, params) === 'success',
  )
  const kinds = ['person', 'key', 'runner', 'lease', 'nobody']
  const [first, second] = kinds.flatMap((kind) => may.find(({ who }) => who.kind === kind) ?? [])
  if (!first)
    throw new Error(
      `Nobody in the sweep may do ${operation.id}. Add somebody to test/sweep/world.ts.`,
    )
  return second && operation.access.kind !== 'public' ? [first, second] : [first]
}

/** Ids of others, ids of nothing, and what is no id at all. */
function thingCases(world: World, operation: Operation, caller: Caller): readonly Case[] {
  const draft = draftOf(operation, world.mine)
  const malformed = [
    'x',
    `${'a'.repeat(5000)}`,
    '%00',
    '..',
    '%2e%2e%2f',
    '%E0%A4%A',
    'org_',
    "'--",
    '%7B%7D',
  ]
  return Object.keys(draft.params).flatMap((name) => {
    const isScope = name === 'orgId' || name === 'leaseId'
    const id = draft.params[name] ?? ''
    const wrong = {
      ...(isScope
        ? {}
        : { "another organization's": world.foreign[name], absent: world.absent[name] }),
      ...Object.fromEntries(malformed.map((text) => [text.slice(0, 12), text])),
      'of another kind': `x${id}`,
      'and more': `${id}%20`,
    }
    return Object.entries(wrong).map(([what, text]) => {
      const params = { ...draft.params, [name]: text }
      const ask = write(operation, caller, { ...draft, params })
      // A dot segment is taken away by the address itself: what is left is no address of the contract.
      const isAddress = !/^(\.\.|%2e%2e)$/i.test(text)
      const verdict = isScope ? expectedOf(operation.access, caller.who, params) : 'not_found'
      const expected: Expected = isAddress ? verdict : 'unknown_operation'
      return { title: `${name} ${what}, as ${caller.name}`, ask, expected }
    })
  })
}

/** Ruling 21: what a page of another origin can make a browser send with our cookie. */
function originCases(world: World, operation: Operation): readonly Case[] {
  if (operation.method === 'GET') return []
  const cookies = world.callers.filter(({ headers }) => headers['cookie'] !== undefined)
  const { url } = world.server
  const foreign: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'without an origin': {},
    'from another port': { origin: 'http://localhost:1', 'sec-fetch-site': 'same-site' },
    'from another port that lies': {
      origin: 'http://localhost:1',
      'sec-fetch-site': 'same-origin',
    },
    'from our origin, framed elsewhere': { origin: url, 'sec-fetch-site': 'cross-site' },
    'from our origin, without fetch metadata': { origin: url },
    'from a sandbox': { origin: 'null', 'sec-fetch-site': 'cross-site' },
    'from our host by another name': {
      origin: url.replace('localhost', '127.0.0.1'),
      'sec-fetch-site': 'same-site',
    },
  }
  const draft = draftOf(operation, world.mine)
  const bearers = fittest(world, operation).filter(({ headers }) => headers['authorization'])
  const page = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  const carried = bearers.map((caller) => ({
    title: `${caller.name}, carried by a foreign page`,
    ask: write(operation, { headers: { ...caller.headers, ...page } }, draft),
    expected: 'origin_refused' as const,
  }))
  const borrowed = cookies.flatMap((caller) =>
    Object.entries(foreign).map(([where, headers]) => {
      const { cookie = '' } = caller.headers
      const plain = { ...caller, headers: { cookie, ...headers } }
      return {
        title: `${caller.name}, ${where}`,
        ask: write(operation, plain, draft),
        expected: 'origin_refused' as const,
      }
    }),
  )
  return [...borrowed, ...carried]
}

/** Whoever is refused while still sending has to hear it, and not a broken connection. */
function hugeCases(operation: Operation, world: World): readonly Case[] {
  if (operation.body === 'none') return []
  const ask = write(operation, { headers: {} }, draftOf(operation, world.mine))
  const expected = expectedOf(operation.access, { kind: 'nobody' }, {})
  if (expected === 'success') return []
  const body = Buffer.alloc(16 * 1024 * 1024)
  return [{ title: 'sixteen mebibytes without a credential', ask: { ...ask, body }, expected }]
}
