import { STATUS_CODES } from 'node:http'
import { faultTable, isFaultCode, type FaultCode } from '@norrix/contract/fault'
import { faultsOf } from '@norrix/contract/openapi'
import type { Operation } from '@norrix/contract/operation'
import { shapesOf } from './drafts.ts'
import type { Expected } from './expected.ts'
import type { Answer } from './wire.ts'

/** What is wrong with an answer, in sentences; nothing when it is as promised. */
export function wrongsOf(operation: Operation, answer: Answer, expected: Expected): string[] {
  if (expected !== 'success') {
    // What is no address is no operation's fault.
    const listed = [...faultsOf(operation), 'unknown_operation' as const]
    return [...headerWrongs(answer), ...refusalWrongs(answer, expected, listed)]
  }
  if (answer.status >= 400) return [`was refused: ${answer.text.slice(0, 300)}`]
  return [...headerWrongs(answer), ...successWrongs(operation, answer)]
}

/** What every answer carries, whoever gives it. */
export function headerWrongs({ headers }: Answer): string[] {
  const policy = String(headers['content-security-policy'])
  return [
    ...unless(/^req_\w+$/.test(String(headers['x-request-id'])), 'has no X-Request-Id'),
    ...unless(headers['x-content-type-options'] === 'nosniff', 'may be sniffed'),
    ...unless(
      ['no-referrer', 'same-origin'].includes(String(headers['referrer-policy'])),
      'gives its address away as referrer',
    ),
    ...unless(String(headers['cache-control']).includes('no-store'), 'may be cached'),
    ...unless(/default-src 'none'/.test(policy), `has the content policy ${policy}`),
    ...unless(/sandbox|frame-ancestors 'none'/.test(policy), 'may be framed'),
    ...unless(headers['x-powered-by'] === undefined, 'says what it is made with'),
    ...unless(headers['access-control-allow-origin'] === undefined, 'may be read by other origins'),
  ]
}

/** A fault as the table has it, in the form of ruling 20. */
export function refusalWrongs(
  answer: Answer,
  expected: FaultCode,
  listed: readonly FaultCode[],
): string[] {
  const { status, headers, text } = answer
  const body = parsed(text)
  if (body === undefined) return [`should be ${expected} and is ${status} ${text.slice(0, 100)}`]
  const code = body['code']
  if (code !== expected) return [`should be ${expected} and is ${status} ${text.slice(0, 300)}`]
  const fields = ['error', 'message', 'code', 'requestId', 'fix', 'details']
  const message = body['message']
  return [
    ...unless(
      isFaultCode(code) && listed.includes(code),
      `${expected} is not among its listed faults`,
    ),
    ...unless(status === faultTable[expected].status, `${expected} came with status ${status}`),
    ...unless(body['error'] === STATUS_CODES[status], `calls ${status} ${String(body['error'])}`),
    ...unless(typeof message === 'string' && message.length > 0, 'says nothing'),
    ...unless(body['requestId'] === headers['x-request-id'], 'has two request ids'),
    ...unless(
      Object.keys(body).every((name) => fields.includes(name)),
      `has more in it: ${text}`,
    ),
    ...unless(String(headers['content-type']).startsWith('application/json'), 'is not called JSON'),
    ...unless(
      !/\.[jt]s:\d|\\n\s*at |node_modules|ZodError|SQLITE|kysely/i.test(text),
      `shows its insides: ${text}`,
    ),
    ...unless(
      status !== 401 || headers['www-authenticate'] !== undefined,
      'does not say how to authenticate',
    ),
    ...unless(code !== 'bad_request' || hasReason(body), 'does not say what is wrong'),
  ]
}

function hasReason({ message, details }: Record<string, unknown>): boolean {
  return details !== undefined || /JSON/.test(String(message))
}

function successWrongs(operation: Operation, answer: Answer): string[] {
  const { status, headers, text } = answer
  switch (operation.output) {
    case 'none':
      return unless(status === 204 && text === '', `is ${status} with ${text.length} characters`)
    case 'redirect':
      return unless(status === 303 && headers.location !== undefined, `is ${status}`)
    case 'bytes':
      return bytesWrongs(answer)
    case 'events':
      return eventWrongs(operation, answer)
    case 'json':
      return [
        ...unless(status === 200, `is ${status}`),
        ...unless(
          String(headers['content-type']).startsWith('application/json'),
          'is not called JSON',
        ),
        ...shapeWrongs(shapesOf(operation).output, text),
      ]
  }
}

/** Ruling 25: saved, never shown, and inert if shown all the same. */
function bytesWrongs({ status, headers, text }: Answer): string[] {
  const policy = String(headers['content-security-policy'])
  const type = String(headers['content-type'])
  return [
    ...unless(status === 200 && text.length > 0, `is ${status} with ${text.length} characters`),
    ...unless(
      String(headers['content-disposition']).startsWith('attachment; filename='),
      'is shown, not saved',
    ),
    ...unless(policy === "sandbox; default-src 'none'", `has the content policy ${policy}`),
    ...unless(!/html|xml|svg|javascript|text/.test(type), `is served as ${type}`),
  ]
}

function eventWrongs(operation: Operation, { status, headers, text }: Answer): string[] {
  const events = text.split('\n\n').flatMap((block) => /^data: (.*)$/m.exec(block)?.[1] ?? [])
  const { event } = shapesOf(operation)
  return [
    ...unless(status === 200, `is ${status}`),
    ...unless(
      String(headers['content-type']).startsWith('text/event-stream'),
      'is no event stream',
    ),
    ...unless(events.length > 0, 'has no events'),
    ...events.flatMap((each) => shapeWrongs(event, each)),
  ]
}

interface Parser {
  safeParse(value: unknown): { success: boolean; data?: unknown; error?: { message: string } }
}

/** The shape, and nothing beside it: parsing takes unknown fields away, so what is left has to be all there was. */
function shapeWrongs(shape: Parser | undefined, text: string): string[] {
  if (!shape) return ['has no shape in the contract']
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return [`is not JSON: ${text.slice(0, 100)}`]
  }
  const result = shape.safeParse(value)
  if (!result.success) return [`is not in shape: ${result.error?.message ?? ''}`]
  return unless(sorted(result.data) === sorted(value), 'has fields that the contract does not name')
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) =>
    each !== null && typeof each === 'object' && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  )
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
    return value as Record<string, unknown> // seen to be an object
  } catch {
    return undefined
  }
}

function unless(isRight: boolean, otherwise: string): string[] {
  return isRight ? [] : [otherwise]
}
