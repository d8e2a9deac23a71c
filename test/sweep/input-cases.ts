import type { Operation } from '@norrix/contract/operation'
import { draftOf, shapesOf, write, type Case, type Draft } from './drafts.ts'
import { fieldsOf } from './example.ts'
import type { Expected } from './expected.ts'
import { bytesMax, type Caller, type World } from './world.ts'

/** What is wrong with the input of a caller who may ask: queries and bodies, one mistake at a time. */

export function queryCases(world: World, operation: Operation, caller: Caller): readonly Case[] {
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

export function bodyCases(world: World, operation: Operation, caller: Caller): readonly Case[] {
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
