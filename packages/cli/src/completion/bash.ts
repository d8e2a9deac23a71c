import type { Flag, Grammar, Spot } from './grammar.ts'

/** For bash 3.2 and newer: macOS has the old one. Every word in it is one of ours, or the name of an environment. */
export function bashScript({ spots, routes, valued }: Grammar): string {
  return `# Completion of norrix for bash, made by: norrix completion bash
_norrix() {
  local word before place='' count=0 at found='' folders=''
  word=\${COMP_WORDS[COMP_CWORD]}
  before=\${COMP_WORDS[COMP_CWORD - 1]}
  # bash parts --env=dev at the sign.
  if [[ $word == '=' ]]; then word=''; else if [[ $before == '=' ]]; then before=\${COMP_WORDS[COMP_CWORD - 2]}; fi; fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    case \${COMP_WORDS[at]} in
      ${valued.join(' | ')}) if [[ \${COMP_WORDS[at + 1]} == '=' ]]; then ((at += 2)); else ((at++)); fi ;;
      -* | =) ;;
      *)
        case "$place/\${COMP_WORDS[at]}" in
${routes.map(({ from, word, to }) => `          '${from}/${word}') place='${to}' ;;`).join('\n')}
          *) ((count++)) ;;
        esac
        ;;
    esac
  done
  case "$place/$before" in
${spots.flatMap(valueLines).join('\n')}
    *)
      case $before in
        ${valued.join(' | ')}) return ;;
      esac
      if [[ $word == -* ]]; then
        case $place in
${spots.map(({ path, flags }) => `          '${path}') found='${flags.flatMap(({ names }) => names).join(' ')}' ;;`).join('\n')}
        esac
      else
        case "$place/$count" in
${spots.flatMap(wordLines).join('\n')}
        esac
      fi
      ;;
  esac
  if [[ -n $folders ]]; then COMPREPLY=($(compgen -d -- "$word")); else COMPREPLY=($(compgen -W "$found" -- "$word")); fi
}
complete -F _norrix norrix
`
}

function valueLines({ path, flags }: Spot): string[] {
  return flags.flatMap(({ names, takes }) => {
    const patterns = names.map((name) => `'${path}/${name}'`).join(' | ')
    const set = settingOf(takes)
    return set === undefined ? [] : [`    ${patterns}) ${set} ;;`]
  })
}

function settingOf(takes: Flag['takes']): string | undefined {
  if (takes === 'folder') return 'folders=yes'
  return typeof takes === 'string' ? undefined : `found='${takes.join(' ')}'`
}

function wordLines({ path, words, values }: Spot): string[] {
  const lists = words.length > 0 ? [words.map(({ word }) => word)] : values
  return lists.flatMap((list, index) =>
    list.length === 0 ? [] : [`          '${path}/${index}') found='${list.join(' ')}' ;;`],
  )
}
