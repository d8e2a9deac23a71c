import type { Flag, Grammar, Spot } from './grammar.ts'

/** For fish 3 and newer. */
export function fishScript({ spots, routes, valued }: Grammar): string {
  return `# Completion of norrix for fish, made by: norrix completion fish
function __norrix_at --argument-names wanted number
    set -l place ''
    set -l count 0
    set -l skips no
    for word in (commandline -opc)[2..-1]
        if test $skips = yes
            set skips no
            continue
        end
        switch $word
            case ${valued.join(' ')}
                set skips yes
            case '-*'
            case '*'
                switch "$place/$word"
${routes.map(({ from, word, to }) => `                    case '${from}/${word}'\n                        set place '${to}'`).join('\n')}
                    case '*'
                        set count (math $count + 1)
                end
        end
    end
    test "$place" = "$wanted"; or return 1
    test -z "$number"; or test "$count" = "$number"
end
complete -c norrix -f
${spots.flatMap(linesOf).join('\n')}
`
}

function linesOf({ path, words, values, flags }: Spot): string[] {
  const at = (number?: number) =>
    `complete -c norrix -n ${quoted(`__norrix_at '${path}'${number === undefined ? '' : ` ${number}`}`)}`
  return [
    ...words.map(({ word, summary }) => `${at(0)} -a ${word} -d ${quoted(summary)}`),
    ...values.flatMap((list, index) =>
      list.length === 0 ? [] : [`${at(index)} -a ${quoted(list.join(' '))}`],
    ),
    ...flags.map((flag) => `${at()} ${flagText(flag)}`),
  ]
}

function flagText({ names, summary, takes }: Flag): string {
  const spelled = names.map((name) =>
    name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  )
  return [...spelled, ...valueWords(takes), `-d ${quoted(summary)}`].join(' ')
}

function valueWords(takes: Flag['takes']): string[] {
  if (takes === 'nothing') return []
  if (takes === 'folder') return ["-x -a '(__fish_complete_directories)'"]
  return takes === 'anything' ? ['-x'] : [`-x -a ${quoted(takes.join(' '))}`]
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
