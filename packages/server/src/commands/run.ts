import { toAscii } from '@norrix/cli/io/clean'
import { sayFault, ShownFault } from '@norrix/cli/io/fault-text'
import { createIo, type Spoken } from '@norrix/cli/io/io'
import { speaksUtf8 } from '@norrix/cli/io/terminal'
import { Fault } from '@norrix/contract/fault'
import { redactText } from '../kernel/log.ts'
import type { OperatorSurroundings } from './command.ts'
import { readArguments } from './program.ts'

/**
 * Runs one command of `norrix-server` from its words to its exit code. Never throws: whatever goes wrong is said.
 *
 * @param words after `norrix-server`
 * @param root the clone, or the folder the package was installed to
 * @returns the exit code (product ruling 9)
 */
export async function runOperator(
  words: readonly string[],
  around: OperatorSurroundings,
  root: string,
): Promise<number> {
  const json = words.includes('--json')
  const isInteractive = around.stdin.isTTY === true && around.stderr.isTTY === true && !json
  const io = createIo(around, { json, interactive: () => isInteractive })
  try {
    const typed = readArguments(words)
    if (typed.kind === 'text') {
      around.stdout.write(speaksUtf8(around) ? typed.text : toAscii(typed.text))
      return 0
    }
    const command = await typed.row.load()
    return (await command({ io, around, root, words: typed.words, options: typed.options })) ?? 0
  } catch (error) {
    return sayFault(io, toFault(error))
  }
}

/** Says what kept a process from going on, in the form of every command. @returns the exit code */
export function reportFault(error: unknown, around: Spoken): number {
  return sayFault(createIo(around, { json: false, interactive: () => false }), toFault(error))
}

/** Whatever was thrown, as a fault that may be shown. */
function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error.code === 'config_file' ? inParts(error) : error
  const text = error instanceof Error ? error.message : String(error)
  if (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^E[A-Z]+$/.test(error.code)
  ) {
    return new Fault('data_unusable', {
      message: `A file could not be read or written: ${redactText(text)}`,
      fix: 'give this user the right to it, and room on the disk',
      cause: error,
    })
  }
  return new Fault('internal', {
    message: `norrix-server itself failed: ${redactText(text.split('\n')[0] ?? '')}`,
    fix: 'try again; if it stays, report it',
    cause: error,
  })
}

/** Each mistake of a configuration on a line of its own. */
function inParts(fault: Fault): Fault {
  const faults = fault.details?.['faults']
  if (!Array.isArray(faults)) return fault
  return new ShownFault('config_file', {
    message: 'The server configuration is not right.',
    fix: fault.fix,
    evidence: [{ label: 'wrong', text: faults.join('\n') }],
    cause: fault.cause,
  })
}
