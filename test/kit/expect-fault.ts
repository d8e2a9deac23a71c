import { expect } from 'vitest'
import { faultTable, type FaultCode } from '@norrix/contract/fault'
import { runNorrix, type RunOptions } from './run-norrix.ts'

export interface ExpectedFault {
  readonly code: FaultCode
  /** The sentence that says what happened, or a part of it. */
  readonly says: string | RegExp
  /** What to do next, or a part of it. */
  readonly fix: string | RegExp
  /** Whether a server has said so, under the id of a request. */
  readonly fromServer?: boolean
}

/**
 * Runs a command that cannot succeed, once for a person and once with --json, and holds both to docs/cli-style.md: a name,
 * one sentence of cause, one remedy, the documented exit code, and nothing of a stack.
 *
 * @returns what a person was told, on stderr
 */
export async function expectFault(
  words: readonly string[],
  options: RunOptions,
  expected: ExpectedFault,
): Promise<string> {
  const { code: name, says, fix } = expected
  const { exit } = faultTable[name]
  const [text, json] = await Promise.all([
    runNorrix(words, options),
    runNorrix([...words, '--json'], options),
  ])
  expect(text.stderr).not.toMatch(stack)
  expect(text.stdout, 'stdout is for results').not.toContain('✗')
  const flat = text.stderr.replaceAll(/\n +/g, ' ')
  expect(flat).toMatch(asPattern('✗ ', says))
  const request = expected.fromServer ? String.raw` · req_\w+` : ''
  expect(text.stderr).toMatch(new RegExp(String.raw`^ {2}${name}${request} · exit ${exit}\n$`, 'm'))
  expect(text.code).toBe(exit)
  expect(longLines(text.stderr)).toEqual([])
  const { error } = lastDocument(json.stdout)
  expect(Object.keys(error)).toEqual(['code', 'message', 'fix', 'requestId'])
  expect(error['code']).toBe(name)
  expect(error['message']).toMatch(asPattern('', says))
  expect(error['message'], 'one sentence, and it ends').toMatch(/^[^\n]+$/)
  expect(error['fix']).toMatch(asPattern('', fix))
  expect(error['requestId']).toEqual(
    expected.fromServer ? expect.stringMatching(/^req_\w+$/) : null,
  )
  expect(json.stdout + json.stderr).not.toMatch(stack)
  expect(json.code).toBe(exit)
  return text.stderr
}

/** A frame of a stack, or the way that an uncaught error is printed. */
export const stack = /^\s+at .+[:(]|^\w*Error\b.*:|node:internal|Node\.js v\d/m

/** A text as the source of an expression that matches just it. */
export function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}

function asPattern(start: string, part: string | RegExp): RegExp {
  const source = typeof part === 'string' ? literally(part) : part.source
  return new RegExp(start === '' ? source : `${start}[^\\n]*${source}`)
}

/** What is longer than a terminal's 80 columns though it has a space to break at. */
function longLines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.length > 80 && line.trim().includes(' '))
}

function lastDocument(stdout: string): { readonly error: Record<string, unknown> } {
  const last: unknown = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
  if (typeof last !== 'object' || last === null || !('error' in last)) throw new Error(stdout)
  return last as { error: Record<string, unknown> } // its parts are looked at one by one
}
