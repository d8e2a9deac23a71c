import { z } from 'zod'
import type { Access } from './access.policy.ts'
import { faultTable, type FaultCode } from './fault.ts'
import type { Operation } from './operation.ts'
import type { OperationShapes } from './shapes.ts'

/**
 * Every operation as an OpenAPI 3.1 document, whose schemas are JSON Schema 2020-12 as zod writes it.
 *
 * @param server the origin that answers
 */
export function toOpenApi(
  operations: readonly Operation[],
  shapes: Readonly<Record<string, OperationShapes>>,
  server: { readonly url: string; readonly version: string },
): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of operations) {
    const path = (paths[operation.path] ??= {})
    path[operation.method.toLowerCase()] = describe(operation, shapes[operation.id] ?? {})
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Norrix', version: server.version },
    servers: [{ url: server.url }],
    components: {
      securitySchemes,
      schemas: { Fault: faultSchema },
    },
    paths,
  }
}

function describe(operation: Operation, shapes: OperationShapes): Record<string, unknown> {
  return {
    operationId: operation.id,
    summary: operation.summary,
    security: securityOf(operation.access),
    'x-norrix-access': operation.access,
    parameters: [...parameters('path', shapes.params), ...parameters('query', shapes.query)],
    ...requestBody(operation, shapes),
    responses: { ...success(operation, shapes), ...failures(operation) },
  }
}

/** Cookies are left out: they are for pages of the server's own. */
const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, or the token of a runner or a lease.',
  },
  dpop: {
    type: 'http',
    scheme: 'dpop',
    description:
      "A session's access token, with a proof of its key for this very request in the header `DPoP` (RFC 9449).",
  },
}

function securityOf(access: Access): Record<string, []>[] {
  switch (access.kind) {
    case 'public':
      return []
    case 'person':
      return [{ dpop: [] }]
    case 'holder':
      return [{ bearer: [] }, { dpop: [] }]
    case 'org':
      return access.scopes === 'none' ? [{ dpop: [] }] : [{ bearer: [] }, { dpop: [] }]
    case 'runner':
    case 'lease':
      return [{ bearer: [] }]
  }
}

function parameters(where: 'path' | 'query', shape: z.ZodObject | undefined): unknown[] {
  if (!shape) return []
  const { properties = {}, required = [] } = jsonSchema(shape, 'input')
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema,
  }))
}

function requestBody(operation: Operation, shapes: OperationShapes): Record<string, unknown> {
  if (operation.body === 'none') return {}
  const content =
    operation.body === 'json' && shapes.body
      ? { 'application/json': { schema: jsonSchema(shapes.body, 'input') } }
      : { 'application/octet-stream': {} }
  return { requestBody: { required: true, content } }
}

function success(operation: Operation, shapes: OperationShapes): Record<string, unknown> {
  switch (operation.output) {
    case 'none':
      return { 204: { description: 'Done' } }
    case 'redirect':
      return { 303: { description: 'Elsewhere' } }
    case 'bytes':
      return { 200: { description: 'The bytes', content: { 'application/octet-stream': {} } } }
    case 'events': {
      const schema = shapes.event ? jsonSchema(shapes.event, 'output') : {}
      return {
        200: { description: 'Server-sent events', content: { 'text/event-stream': { schema } } },
      }
    }
    case 'json': {
      const schema = shapes.output ? jsonSchema(shapes.output, 'output') : {}
      return { 200: { description: 'The answer', content: { 'application/json': { schema } } } }
    }
  }
}

/** The faults an operation can answer with: its own, and those of its access and form. */
export function faultsOf(operation: Operation): readonly FaultCode[] {
  const codes = new Set<FaultCode>([...operation.faults, ...accessFaults[operation.access.kind]])
  codes.add('bad_request')
  if (operation.access.kind !== 'public') codes.add('client_too_old')
  if (operation.path.includes('{')) codes.add('not_found')
  if (operation.body === 'json') codes.add('unsupported_media').add('too_large')
  codes.add('origin_refused').add('internal').add('unavailable')
  return [...codes]
}

const credentialFaults: readonly FaultCode[] = [
  'unauthenticated',
  'session_ended',
  'proof_invalid',
  'key_invalid',
  'key_revoked',
  'key_expired',
  'runner_unknown',
  'lease_lost',
]
const accessFaults: Readonly<Record<Access['kind'], readonly FaultCode[]>> = {
  public: [],
  person: [...credentialFaults, 'key_not_allowed', 'wrong_credential'],
  holder: [...credentialFaults, 'wrong_credential'],
  org: [
    ...credentialFaults,
    'key_not_allowed',
    'wrong_credential',
    'role_missing',
    'scope_missing',
    'org_mismatch',
    'not_found',
  ],
  runner: [...credentialFaults, 'wrong_credential'],
  lease: [...credentialFaults, 'wrong_credential', 'not_found'],
}

function failures(operation: Operation): Record<string, unknown> {
  const byStatus = new Map<number, string[]>()
  for (const code of faultsOf(operation)) {
    const { status, means } = faultTable[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${code}\`: ${means}`])
  }
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Fault' } } }
  return Object.fromEntries(
    [...byStatus].map(([status, lines]) => [status, { description: lines.join('\n'), content }]),
  )
}

const faultSchema = {
  type: 'object',
  required: ['error', 'message', 'code', 'requestId'],
  properties: {
    error: { type: 'string' },
    message: { type: 'string' },
    code: { type: 'string', enum: Object.keys(faultTable) },
    requestId: { type: 'string' },
    fix: { type: 'string' },
    details: { type: 'object' },
  },
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, unknown>>
  readonly required?: readonly string[]
}

function jsonSchema(shape: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, { io, unrepresentable: 'any' })
  return schema as JsonSchema // zod's own type is wider than the two properties read here
}
