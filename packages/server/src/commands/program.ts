import { CommanderError, Option, type Command as Program } from 'commander'
import { helpEnd, newProgram, placesIn, usageOf } from '@norrix/cli/io/program'
import { version } from '@norrix/contract/version'
import { commandTable, globalOptions, nouns, type CommandRow } from './root.ts'

/** What was typed, understood: a command to run, or text that was asked for. */
export type Typed =
  | {
      readonly kind: 'run'
      readonly row: CommandRow
      readonly words: readonly (string | undefined)[]
      readonly options: Readonly<Record<string, unknown>>
    }
  | { readonly kind: 'text'; readonly text: string }

type Run = (typed: Extract<Typed, { kind: 'run' }>) => void

/**
 * Reads the words after `norrix-server`; none at all mean `serve`.
 *
 * @throws Fault usage, with the likeliest right word where there is one
 */
export function readArguments(words: readonly string[]): Typed {
  let typed: Typed | undefined
  let text = ''
  const program = programOf(
    (run) => (typed = run),
    (part) => (text += part),
  )
  try {
    program.parse([...words], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.help' && program.args.length === 0) return serving(program)
    if (error.exitCode !== 0 && error.code !== 'commander.help')
      throw usageOf(error, 'norrix-server')
  }
  return typed ?? { kind: 'text', text: text === '' ? program.helpInformation() : text }
}

/** No word at all: serve. A default command of commander's would take every mistyped word for its own. */
function serving(program: Program): Typed {
  const row = commandTable.find(({ words }) => words === 'serve')
  if (!row) throw new Error('The table of commands has no serve.')
  return { kind: 'run', row, words: [], options: program.opts() }
}

function programOf(run: Run, write: (text: string) => void): Program {
  const program = newProgram(
    {
      name: 'norrix-server',
      description: 'Serve Norrix, and look after it while it serves.',
      examples: ['norrix-server', 'norrix-server check'],
    },
    write,
  ).version(`norrix-server ${version}`, '--version', 'print the version')
  for (const [flags, summary] of globalOptions) program.addOption(new Option(flags, summary))
  const place = placesIn(program, nouns)
  for (const row of commandTable) addCommand(place(row.words), row, run)
  return program
}

function addCommand(added: Program, row: CommandRow, run: Run): void {
  added.description(row.summary).addHelpText('after', helpEnd(row)).allowExcessArguments(false)
  for (const [flags, summary] of row.options ?? []) added.addOption(new Option(flags, summary))
  added.action(() => {
    const words = added.processedArgs as readonly (string | undefined)[] // no argument has a parser of its own
    run({ kind: 'run', row, words, options: added.optsWithGlobals() })
  })
}
