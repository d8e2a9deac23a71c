import { Command as Program, CommanderError, Option } from 'commander'
import { Fault } from '@norrix/contract/fault'
import type { Call } from './needs/call.ts'
import {
  commandTable,
  globalOptions,
  nouns,
  versionRow,
  type Choices,
  type CommandRow,
  type GlobalFlag,
} from './root.ts'

/** What was typed, understood: a command to run, or text that was asked for. */
export type Typed =
  | { readonly kind: 'run'; readonly row: CommandRow; readonly call: Call }
  | { readonly kind: 'text'; readonly text: string }

/**
 * Reads the words after `norrix`.
 *
 * @throws Fault usage, with the likeliest right word where there is one
 */
export function readArguments(words: readonly string[]): Typed {
  let typed: Typed | undefined
  let text = ''
  const program = programOf(
    (row, call) => (typed = { kind: 'run', row, call }),
    (part) => (text += part),
  )
  try {
    program.parse([...words], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode !== 0 && error.code !== 'commander.help') throw usageOf(error)
  }
  const options: Call['options'] = program.opts()
  if (options['version'] === true)
    return { kind: 'run', row: versionRow, call: { words: [], options } }
  return typed ?? { kind: 'text', text: text === '' ? program.helpInformation() : text }
}

function programOf(
  run: (row: CommandRow, call: Call) => void,
  write: (text: string) => void,
): Program {
  const program = new Program('norrix')
    .description('Ship mobile apps from a terminal: sign in once, then norrix build.')
    .option('--version', "print the version, and the server's")
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
    const { parent, words } = placeOf(row, program, groups)
    addCommand(parent, words, row, run)
  }
  program.addHelpText('after', examplesText(['norrix sign-in', 'norrix build android release']))
  return program
}

/** `orgs list` goes under the noun `orgs`; a verb stands alone. */
function placeOf(
  { words }: CommandRow,
  program: Program,
  groups: Map<string, Program>,
): { parent: Program; words: string } {
  const [first = '', ...rest] = words.split(' ')
  const summary = nouns[first]
  if (summary === undefined) return { parent: program, words }
  const group = groups.get(first) ?? program.command(first).description(summary)
  groups.set(first, group)
  return { parent: group, words: rest.join(' ') }
}

function addCommand(
  parent: Program,
  words: string,
  row: CommandRow,
  run: (row: CommandRow, call: Call) => void,
): void {
  const added = parent.command(words).description(row.summary)
  if (row.alias !== undefined) added.alias(row.alias)
  for (const argument of added.registeredArguments) {
    const choices = row.choices?.[argument.name()]
    if (choices) argument.argParser((word: string) => oneOf(choices, word))
  }
  for (const [flags, summary] of row.options ?? []) added.addOption(new Option(flags, summary))
  const notes = row.notes ? `\n${row.notes.join('\n')}\n` : ''
  added.addHelpText('after', notes + examplesText(row.examples))
  const without = row.without ?? []
  if (without.length > 0) hideInHelp(added, without)
  added.allowExcessArguments(false)
  added.action(() => {
    refuseMeaningless(row, added.optsWithGlobals())
    run(row, { words: added.processedArgs as Call['words'], options: added.optsWithGlobals() }) // texts: parsers here give back what they got
  })
}

function hideInHelp(added: Program, flags: readonly string[]): void {
  added.configureHelp({
    showGlobalOptions: true,
    visibleGlobalOptions: () =>
      globalOptions
        .filter(([text]) => !flags.some((flag) => text.startsWith(flag)))
        .map(([text, summary]) => new Option(text, summary)),
  })
}

/** @throws Fault usage for an environment that is named to a command which talks to no server */
function refuseMeaningless(row: CommandRow, options: Readonly<Record<string, unknown>>): void {
  const flag = meaninglessIn(row, options).find((one) => one !== '--org')
  if (flag === undefined) return
  throw new Fault('usage', {
    message: `norrix ${nameOf(row)} talks to no server: ${flag} means nothing to it.`,
    fix: `leave ${flag} out`,
  })
}

/** The flags among those typed that the command does without. */
function meaninglessIn(
  { without = [] }: CommandRow,
  options: Readonly<Record<string, unknown>>,
): GlobalFlag[] {
  return without.filter((flag) => options[flag.slice(2)] !== undefined)
}

/** Every command takes `--org`; one that acts in no organization says so, for nothing typed is ignored in silence. */
export function idleOrg(row: CommandRow, { options }: Call): string | undefined {
  if (!meaninglessIn(row, options).includes('--org')) return undefined
  return `norrix ${nameOf(row)} acts in no organization: --org changes nothing here.`
}

function nameOf({ words }: CommandRow): string {
  return words.replaceAll(/ [<[].*/g, '')
}

/** @throws Fault usage */
function oneOf({ called, values }: Choices, word: string): string {
  if (values.includes(word)) return word
  throw new Fault('usage', {
    message: `There is no ${called} ${word.slice(0, 40)}.`,
    fix: `${called}s are ${values.join(', ')}`,
  })
}

function examplesText(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((example) => `  ${example}\n`).join('')}`
}

/** Commander's own sentences, in ours: what was typed, and what may have been meant. */
function usageOf(error: CommanderError): Fault {
  const meant = /\(Did you mean (?:one of )?([^?]+)\?\)/.exec(error.message)?.[1]
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  const fix = meant === undefined ? 'norrix --help shows what there is' : `did you mean ${meant}?`
  const say = (message: string, remedy = fix) => new Fault('usage', { message, fix: remedy })
  switch (error.code) {
    case 'commander.unknownCommand':
      return say(`There is no command ${quoted}.`)
    case 'commander.unknownOption':
      return say(`There is no flag ${quoted}.`)
    case 'commander.missingArgument':
      return say(`The ${quoted} is missing.`, 'norrix --help shows examples')
    case 'commander.optionMissingArgument':
      return say(`The flag ${quoted} needs a value.`)
    case 'commander.excessArguments':
      return say('There are more words than the command takes.', 'norrix --help shows examples')
    default:
      return say(
        error.message.replace(/^error: /, '').split('\n')[0] ?? 'The command cannot be read.',
      )
  }
}
