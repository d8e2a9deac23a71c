import { Command as Program, CommanderError, Option } from 'commander'
import { Fault } from '@norrix/contract/fault'
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
    if (error.exitCode !== 0 && error.code !== 'commander.help') throw usageOf(error)
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
  const program = new Program('norrix-server')
    .description('Serve Norrix, and look after it while it serves.')
    .version(`norrix-server ${version}`, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: write,
      writeErr: write,
      outputError: () => {},
      getOutHelpWidth: () => 80,
      getErrHelpWidth: () => 80,
    })
    .exitOverride()
  for (const [flags, summary] of globalOptions) program.addOption(new Option(flags, summary))
  const groups = new Map<string, Program>()
  for (const row of commandTable) {
    const [first = '', ...rest] = row.words.split(' ')
    const summary = nouns[first]
    if (summary === undefined) {
      addCommand(program, row.words, row, run)
      continue
    }
    const group = groups.get(first) ?? program.command(first).description(summary)
    groups.set(first, group)
    addCommand(group, rest.join(' '), row, run)
  }
  return program.addHelpText('after', examplesText(['norrix-server', 'norrix-server check']))
}

function addCommand(parent: Program, words: string, row: CommandRow, run: Run): void {
  const added = parent.command(words).description(row.summary)
  for (const [flags, summary] of row.options ?? []) added.addOption(new Option(flags, summary))
  const notes = row.notes ? `\n${row.notes.join('\n')}\n` : ''
  added.addHelpText('after', notes + examplesText(row.examples))
  added.allowExcessArguments(false)
  added.action(() => {
    const words = added.processedArgs as readonly (string | undefined)[] // no argument has a parser of its own
    run({ kind: 'run', row, words, options: added.optsWithGlobals() })
  })
}

function examplesText(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((example) => `  ${example}\n`).join('')}`
}

/** Commander's own sentences, in ours: what was typed, and what may have been meant. */
function usageOf(error: CommanderError): Fault {
  const meant = /\(Did you mean (?:one of )?([^?]+)\?\)/.exec(error.message)?.[1]
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  const fix =
    meant === undefined ? 'norrix-server --help shows what there is' : `did you mean ${meant}?`
  return new Fault('usage', { message: sentenceOf(error, quoted), fix })
}

function sentenceOf({ code, message }: CommanderError, quoted: string): string {
  switch (code) {
    case 'commander.unknownCommand':
      return `There is no command ${quoted}.`
    case 'commander.unknownOption':
      return `There is no flag ${quoted}.`
    case 'commander.missingArgument':
      return `The ${quoted} is missing.`
    case 'commander.optionMissingArgument':
      return `The flag ${quoted} needs a value.`
    case 'commander.excessArguments':
      return 'There are more words than the command takes.'
    default:
      return message.replace(/^error: /, '').split('\n')[0] ?? 'The command cannot be read.'
  }
}
