import { commandTable, globalOptions, nouns, type CommandRow, type OptionRow } from '../root.ts'

/** What can be typed after `norrix`, as the shells' scripts need it. Made from the table of commands alone. */
export interface Grammar {
  readonly spots: readonly Spot[]
  /** From which spot a word leads to which: `orgs` and `list` to `orgs list`, `login` to `sign-in`. */
  readonly routes: readonly { readonly from: string; readonly word: string; readonly to: string }[]
  /** Every flag that takes a value, `--env` and its like. */
  readonly valued: readonly string[]
}

/** A place on the line: after `norrix`, after a noun, or after a command. */
export interface Spot {
  /** The words that lead there, with spaces between; empty right after `norrix`. */
  readonly path: string
  readonly words: readonly Word[]
  /** The values of its first argument, its second, and so on; empty where they are not known. */
  readonly values: readonly (readonly string[])[]
  readonly flags: readonly Flag[]
}

export interface Word {
  readonly word: string
  readonly summary: string
}

export interface Flag {
  readonly names: readonly string[]
  readonly summary: string
  readonly takes: 'nothing' | 'anything' | 'folder' | readonly string[]
}

/** Names that this machine knows, besides those that are always there. */
export interface KnownNames {
  readonly environments: readonly string[]
  readonly profiles: readonly string[]
}

export function grammarOf(known: KnownNames): Grammar {
  const all = [...globalOptions.map((row) => withNames(row, known)), help]
  const tops = [...new Set(commandTable.map(({ words }) => words.split(' ')[0] ?? ''))]
  const commands = commandTable.map((row) => commandSpot(row, all))
  const spots: Spot[] = [
    { path: '', words: tops.map(topWord), values: [], flags: [...all, version].map(flagOf) },
    ...Object.keys(nouns).map((noun) => nounSpot(noun, all)),
    ...commands,
  ]
  const flags = spots.flatMap((spot) => spot.flags)
  return {
    spots,
    routes: [
      ...Object.keys(nouns).map((noun) => ({ from: '', word: noun, to: noun })),
      ...routes(),
    ],
    valued: [
      ...new Set(flags.filter(({ takes }) => takes !== 'nothing').flatMap(({ names }) => names)),
    ],
  }
}

const help: OptionRow = ['-h, --help', 'print help']
const version: OptionRow = ['--version', "print the version, and the server's"]

function routes(): Grammar['routes'] {
  return commandTable.flatMap((row) => {
    const path = pathOf(row)
    const parts = path.split(' ')
    const word = parts.at(-1) ?? ''
    const from = parts.slice(0, -1).join(' ')
    const names = row.alias === undefined ? [word] : [word, row.alias]
    return names.map((name) => ({ from, word: name, to: path }))
  })
}

function topWord(word: string): Word {
  const row = commandTable.find((one) => pathOf(one) === word)
  return { word, summary: nouns[word] ?? row?.summary ?? '' }
}

function nounSpot(noun: string, all: readonly OptionRow[]): Spot {
  const rows = commandTable.filter((row) => row.words.startsWith(`${noun} `))
  const words = rows.map((row) => ({
    word: pathOf(row).slice(noun.length + 1),
    summary: row.summary,
  }))
  return { path: noun, words, values: [], flags: all.map(flagOf) }
}

function commandSpot(row: CommandRow, all: readonly OptionRow[]): Spot {
  const without = row.without ?? []
  const general = all.filter(([flags]) => !without.some((flag) => flags.startsWith(flag)))
  const names = [...row.words.matchAll(/[<[](\w+)[>\]]/g)].map(([, name = '']) => name)
  return {
    path: pathOf(row),
    words: [],
    values: names.map((name) => row.choices?.[name]?.values ?? []),
    flags: [...(row.options ?? []), ...general].map(flagOf),
  }
}

/** The words of a command without its arguments. */
function pathOf({ words }: CommandRow): string {
  return words.replace(/ [<[].*$/, '')
}

function flagOf([flags, summary, values]: OptionRow): Flag {
  const names = flags.replace(/ <.*/, '').split(', ')
  const value = /<(\w+)>/.exec(flags)?.[1]
  if (value === undefined) return { names, summary, takes: 'nothing' }
  return { names, summary, takes: values ?? (value.startsWith('folder') ? 'folder' : 'anything') }
}

function withNames(row: OptionRow, { environments, profiles }: KnownNames): OptionRow {
  const [flags, summary] = row
  if (flags.startsWith('--env ')) return [flags, summary, unique(['prod', 'dev', ...environments])]
  if (flags.startsWith('--profile ')) return [flags, summary, unique(['default', ...profiles])]
  return row
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)]
}
