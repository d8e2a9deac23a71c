import type { Operation } from '@norrix/contract/operation'
import { shapes, type OperationShapes } from '@norrix/contract/shapes'
import { exampleOf, fieldsOf } from './example.ts'
import { expectedOf, type Expected } from './expected.ts'
import type { Things } from './furnish.ts'
import type { Ask } from './wire.ts'
import { alwaysSent, bytesMax, knownFields, payload, type Caller, type World } from './world.ts'

/** One request, and the one answer to it that is right. */
export interface Case {
  readonly title: string
  readonly ask: Ask
  readonly expected: Expected
}

/** A whole request before it is written down; the cases below spoil one part of it each. */
interface Draft {
  readonly params: Things
  readonly query: Readonly<Record<string, unknown>>
  readonly body: unknown
}

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
    const draft = draftOf(operation, things)
    return world.callers.map((caller) => ({
      title: `${caller.name}, ${place}`,
      ask: write(operation, caller, draft),
      expected: expectedOf(operation.access, caller.who, draft.params),
    }))
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
    return Object.entries(wrong).map(([what, text = '']) => {
      const params = { ...draft.params, [name]: text }
      const ask = write(operation, caller, { ...draft, params })
      // A dot segment is taken away by the address itself: what is left is no address of the contract, or of another.
      const isAddress = !/^(\.\.|%2e%2e)$/i.test(text)
      const verdict = isScope ? expectedOf(operation.access, caller.who, params) : 'not_found'
      const expected: Expected = isAddress ? verdict : 'not_found'
      return { title: `${name} ${what}, as ${caller.name}`, ask, expected }
    })
  })
}

function queryCases(world: World, operation: Operation, caller: Caller): readonly Case[] {
  const draft = draftOf(operation, world.mine)
  const { query } = shapesOf(operation)
  const base = write(operation, caller, draft)
  const and = base.target.includes('?') ? '&' : '?'
  const wrong = (title: string, more: string): Case => ({
    title: `${title}, as ${caller.name}`,
    ask: { ...base, target: `${base.target}${and}${more}` },
    expected: 'bad_request',
  })
  const fields = query ? fieldsOf(query) : []
  return [
    wrong('an unknown query parameter', 'sweep=1'),
    wrong('an unknown query parameter without a value', '__proto__'),
    ...fields.flatMap(({ name, required }) => {
      const { [name]: _, ...others } = draft.query
      const changed = (value: string) =>
        write(operation, caller, { ...draft, query: { ...draft.query, [name]: value } })
      const cases: Case[] = [
        {
          title: `query ${name} too long, as ${caller.name}`,
          ask: changed('a'.repeat(5000)),
          expected: 'bad_request',
        },
        wrong(`query ${name} twice`, `${name}=1&${name}=1`),
      ]
      if (required) {
        const ask = write(operation, caller, { ...draft, query: others })
        cases.push({ title: `query ${name} absent`, ask, expected: 'bad_request' })
      }
      return cases
    }),
  ]
}

function bodyCases(world: World, operation: Operation, caller: Caller): readonly Case[] {
  const draft = draftOf(operation, world.mine)
  const base = write(operation, caller, draft)
  const as = `as ${caller.name}`
  if (operation.body === 'none') {
    const headers = { ...base.headers, 'content-type': 'application/json' }
    const ask = { ...base, headers, body: '{"sweep":1}' }
    return [{ title: `a body that nobody asked for, ${as}`, ask, expected: 'success' }]
  }
  if (operation.body === 'bytes') {
    const over: Case = {
      title: `more bytes than allowed, ${as}`,
      ask: { ...base, body: Buffer.alloc(bytesMax + 1) },
      expected: 'too_large',
    }
    const isAnnounced = Object.hasOwn(draft.query, 'sha256')
    const other: Case = {
      title: `other bytes than announced, ${as}`,
      ask: { ...base, body: 'other bytes' },
      expected: 'checksum_mismatch',
    }
    return isAnnounced ? [over, other] : [over]
  }
  return jsonCases(world, operation, caller, draft)
}

function jsonCases(
  world: World,
  operation: Operation,
  caller: Caller,
  draft: Draft,
): readonly Case[] {
  const base = write(operation, caller, draft)
  const { 'content-type': _, ...untyped } = base.headers ?? {}
  const body = draft.body as Record<string, unknown> // bodies are objects in every operation
  const raw = (what: string, text: string | Buffer, expected: Expected = 'bad_request'): Case => ({
    title: `${what}, as ${caller.name}`,
    ask: { ...base, body: text },
    expected,
  })
  const json = (what: string, value: unknown, expected: Expected = 'bad_request'): Case =>
    raw(what, JSON.stringify(value), expected)
  const typed = (type: string): Case => ({
    title: `JSON called ${type}, as ${caller.name}`,
    ask: { ...base, headers: { ...untyped, ...(type && { 'content-type': type }) } },
    expected: 'unsupported_media',
  })
  const { body: shape } = shapesOf(operation)
  return [
    ...['', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'].map(typed),
    raw('an empty body', ''),
    raw('half a body', JSON.stringify(body).slice(0, -1)),
    raw('no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])),
    raw('more than a mebibyte', JSON.stringify({ sweep: 'x'.repeat(1024 * 1024) }), 'too_large'),
    ...[null, [], 'text', 7].map((value) => json(`a body of ${JSON.stringify(value)}`, value)),
    json('an unknown field', { ...body, sweep: 1 }),
    raw(
      'a field named __proto__',
      `{"__proto__":{"sweep":1},${JSON.stringify(body).slice(1)}`.replace(',}', '}'),
    ),
    ...(shape ? fieldsOf(shape) : []).flatMap(({ name, required }) => {
      const { [name]: value, ...others } = body
      const cases = [json(`field ${name} of a wrong type`, { ...body, [name]: { sweep: [] } })]
      if (required) cases.push(json(`field ${name} absent`, others))
      if (value !== undefined && Object.hasOwn(world.absent, name)) {
        cases.push(
          json(
            `field ${name} absent from the server`,
            { ...body, [name]: world.absent[name] },
            'not_found',
          ),
          json(
            `field ${name} of another organization`,
            { ...body, [name]: world.foreign[name] },
            'not_found',
          ),
          json(`field ${name} no id`, { ...body, [name]: '../x' }),
        )
      }
      return cases
    }),
  ]
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
  return cookies.flatMap((caller) =>
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

/** A request with nothing wrong in it. */
export function draftOf(operation: Operation, things: Things): Draft {
  const { query, body } = shapesOf(operation)
  const known = knownFields(things)
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  const params = Object.fromEntries(
    names.map((name) => {
      const id = things[name]
      if (id !== undefined) return [name, id]
      throw new Error(
        `The sweep has nothing for {${name}} in the path of ${operation.id}. Make one in each organization in test/sweep/furnish.ts and return its id as things.${name}.`,
      )
    }),
  )
  return {
    params,
    query: query ? exampleOf(query, known, `the query of ${operation.id}`, alwaysSent) : {},
    body: body ? exampleOf(body, known, `the body of ${operation.id}`) : undefined,
  }
}

/** Writes a request down. Parameters go in as they are: the sweep's wrong ones are encoded already. */
export function write(
  operation: Operation,
  { headers }: Pick<Caller, 'headers'>,
  draft: Draft,
): Ask {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => draft.params[name] ?? '')
  const query = new URLSearchParams(
    Object.entries(draft.query).map(([name, value]) => [name, String(value)]),
  ).toString()
  const ask = { method: operation.method, target: query === '' ? path : `${path}?${query}` }
  if (operation.body === 'none') return { ...ask, headers }
  const isJson = operation.body === 'json'
  return {
    ...ask,
    headers: {
      ...headers,
      'content-type': isJson ? 'application/json' : 'application/octet-stream',
    },
    body: isJson ? JSON.stringify(draft.body) : payload,
  }
}

export function shapesOf({ id }: Operation): OperationShapes {
  const all: Readonly<Record<string, OperationShapes>> = shapes
  return all[id] ?? {}
}
