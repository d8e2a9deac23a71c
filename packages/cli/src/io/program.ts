import { Command as Program, type CommanderError } from 'commander'
import { Fault } from '@norrix/contract/fault'

/** What the programs `norrix` and `norrix-server` have in common: how help looks, and what is said of words that cannot be read. */

export interface ProgramText {
  readonly name: string
  readonly description: string
  /** Command lines for the end of its help. */
  readonly examples: readonly string[]
}

/** A program without commands yet, whose help is as wide as any terminal and goes to `write` alone. */
export function newProgram(text: ProgramText, write: (part: string) => void): Program {
  return new Program(text.name)
    .description(text.description)
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
    .addHelpText('after', helpEnd(text))
}

/** What stands below a command's help. */
export function helpEnd(text: {
  readonly notes?: readonly string[]
  readonly examples: readonly string[]
}): string {
  const notes = text.notes ? `\n${text.notes.join('\n')}\n` : ''
  return `${notes}\nExamples:\n${text.examples.map((example) => `  ${example}\n`).join('')}`
}

/**
 * Makes the place of each command: `orgs list` goes under the noun `orgs`, a verb stands alone.
 *
 * @param nouns with what their help says
 */
export function placesIn(
  program: Program,
  nouns: Readonly<Record<string, string>>,
): (words: string) => Program {
  const groups = new Map<string, Program>()
  return (words) => {
    const [first = '', ...rest] = words.split(' ')
    const summary = nouns[first]
    if (summary === undefined) return program.command(words)
    const group = groups.get(first) ?? program.command(first).description(summary)
    groups.set(first, group)
    return group.command(rest.join(' '))
  }
}

/** Commander's own sentences, in ours: what was typed, and what may have been meant. */
export function usageOf(error: CommanderError, program: string): Fault {
  const meant = /\(Did you mean (?:one of )?([^?]+)\?\)/.exec(error.message)?.[1]
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  const fix =
    meant === undefined ? `${program} --help shows what there is` : `did you mean ${meant}?`
  const say = (message: string, remedy = fix) => new Fault('usage', { message, fix: remedy })
  switch (error.code) {
    case 'commander.unknownCommand':
      return say(`There is no command ${quoted}.`)
    case 'commander.unknownOption':
      return say(`There is no flag ${quoted}.`)
    case 'commander.missingArgument':
      return say(`The ${quoted} is missing.`, `${program} --help shows examples`)
    case 'commander.optionMissingArgument':
      return say(`The flag ${quoted} needs a value.`)
    case 'commander.excessArguments':
      return say('There are more words than the command takes.', `${program} --help shows examples`)
    default:
      return say(
        error.message.replace(/^error: /, '').split('\n')[0] ?? 'The command cannot be read.',
      )
  }
}
