import type { IncomingMessage } from 'node:http'
import { Fault } from '@norrix/contract/fault'
import type { OperationShapes } from '@norrix/contract/shapes'
import type { z } from 'zod'

/** A JSON body's limit; files travel as `bytes`. */
const jsonBytesMax = 1024 * 1024

/**
 * Reads and parses a JSON body.
 *
 * @throws Fault unsupported_media, too_large, bad_request
 */
export async function readJson(req: IncomingMessage): Promise<unknown> {
  const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') {
    throw new Fault('unsupported_media', {
      message: 'The body has to be JSON.',
      fix: 'send `Content-Type: application/json`',
    })
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > jsonBytesMax) {
      throw new Fault('too_large', { message: 'The JSON body is larger than 1 MiB.' })
    }
    chunks.push(chunk)
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)))
  } catch (cause) {
    throw new Fault('bad_request', { message: 'The body is not valid JSON.', cause })
  }
}

/** The parts of a request that shapes describe. */
export interface RawInput {
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly body: unknown
}

export interface ParsedInput {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
}

/**
 * Parses everything a request brings, once, and collects every mistake in it.
 *
 * @throws Fault bad_request with `details.fields`
 * @throws Fault not_found when an id in the path cannot be one
 */
export function parseInput(shapes: OperationShapes, raw: RawInput): ParsedInput {
  const fields: { in: string; field: string; problem: string }[] = []
  const parse = (where: string, shape: z.ZodType | undefined, value: unknown): unknown => {
    if (!shape) return undefined
    const result = shape.safeParse(value)
    if (result.success) return result.data
    for (const issue of result.error.issues) {
      fields.push({ in: where, field: issue.path.join('.'), problem: issue.message })
    }
    return undefined
  }
  const params = parse('path', shapes.params, raw.params)
  if (fields.length > 0) {
    throw new Fault('not_found', {
      message: 'There is no such thing here, or it is not yours.',
      fix: 'check the id and the organization',
    })
  }
  const query = parse('query', shapes.query, queryValues(raw.query, fields))
  const body = parse('body', shapes.body, raw.body)
  if (!shapes.query && raw.query.size > 0) {
    fields.push({ in: 'query', field: [...raw.query.keys()][0] ?? '', problem: 'is not known' })
  }
  if (fields.length > 0) throw badRequest(fields)
  return { params, query, body }
}

function queryValues(
  query: URLSearchParams,
  fields: { in: string; field: string; problem: string }[],
): Record<string, string> {
  const values: Record<string, string> = {}
  for (const [name, value] of query) {
    if (Object.hasOwn(values, name))
      fields.push({ in: 'query', field: name, problem: 'comes twice' })
    Object.defineProperty(values, name, { value, enumerable: true, configurable: true })
  }
  return values
}

function badRequest(fields: readonly { in: string; field: string; problem: string }[]): Fault {
  const first = fields[0]
  const name = first?.field ? `\`${first.field}\`` : `the ${first?.in ?? 'input'}`
  return new Fault('bad_request', {
    message: `The input is not right: ${name}: ${first?.problem ?? 'unknown'}.`,
    fix: fields.length > 1 ? `mend these ${fields.length} fields` : 'mend this field',
    details: { fields },
  })
}
