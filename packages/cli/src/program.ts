import { CommanderError, Option, type Command as Program } from 'commander'
import { Fault } from '@norrix/contract/fault'
import { helpEnd, newProgram, placesIn, usageOf } from './io/program.ts'
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
    if (error.exitCode !== 0 && error.code !== 'commander.help') throw usageOf(error, 'norrix')
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
  const program = newProgram(
    {
      name: 'norrix',
      description: 'Ship mobile apps from a terminal: sign in once, then norrix build.',
      examples: ['norrix sign-in', 'norrix build android release'],
    },
    write,
  ).option('--version', "print the version, and the server's")
  for (const [flags, summary] of globalOptions) program.addOption(new Option(flags, summary))
  const place = placesIn(program, nouns)
  for (const row of commandTable) addCommand(place(row.words), row, run)
  return program
}

function addCommand(
  added: Program,
  row: CommandRow,
  run: (row: CommandRow, call: Call) => void,
): void {
  added.description(row.summary).addHelpText('after', helpEnd(row)).allowExcessArguments(false)
  if (row.alias !== undefined) added.alias(row.alias)
  for (const argument of added.registeredArguments) {
    const choices = row.choices?.[argument.name()]
    if (choices) argument.argParser((word: string) => oneOf(choices, word))
  }
  for (const [flags, summary] of row.options ?? []) added.addOption(new Option(flags, summary))
  const without = row.without ?? []
  if (without.length > 0) hideInHelp(added, without)
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

/** @throws Fault usage for an environment or a profile that is named to a command which has no use for one */
function refuseMeaningless(row: CommandRow, options: Readonly<Record<string, unknown>>): void {
  const flag = meaninglessIn(row, options).find((one) => one !== '--org')
  if (flag === undefined) return
  throw new Fault('usage', {
    message: `norrix ${nameOf(row)} has no use for ${flag}.`,
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
