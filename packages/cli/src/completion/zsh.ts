import type { Grammar, Spot } from './grammar.ts'

/** A file for `$fpath`, and to be sourced after compinit. */
export function zshScript({ spots, routes, valued }: Grammar): string {
  return `#compdef norrix
# Completion of norrix for zsh, made by: norrix completion zsh
_norrix() {
  local place='' before=\${words[CURRENT-1]} word
  local -i count=0 at
  local -a found
  for ((at = 2; at < CURRENT; at++)); do
    case \${words[at]} in
      (${valued.join('|')}) ((at++)) ;;
      (-*) ;;
      (*)
        case "$place/\${words[at]}" in
${routes.map(({ from, word, to }) => `          ('${from}/${word}') place='${to}' ;;`).join('\n')}
          (*) ((count += 1)) ;;
        esac
        ;;
    esac
  done
  if [[ \${words[CURRENT]} == --*=* ]]; then
    before=\${words[CURRENT]%%=*}
    compset -P '*='
  fi
  case "$place/$before" in
${spots.flatMap(valueLines).join('\n')}
  esac
  case $before in
    (${valued.join('|')}) return 1 ;;
  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    case $place in
${spots.map((spot) => `      ('${spot.path}') found=(${flagsOf(spot)}) ;;`).join('\n')}
    esac
    _describe -o 'flag' found
  else
    case "$place/$count" in
${spots.flatMap(wordLines).join('\n')}
    esac
    _describe 'word' found
  fi
}
if [[ \${funcstack[1]} == _norrix ]]; then _norrix "$@"; else compdef _norrix norrix; fi
`
}

function valueLines({ path, flags }: Spot): string[] {
  return flags.flatMap(({ names, takes }) => {
    const patterns = names.map((name) => `'${path}/${name}'`).join('|')
    if (takes === 'folder') return [`    (${patterns}) _path_files -/; return ;;`]
    if (typeof takes === 'string') return []
    return [`    (${patterns}) compadd -- ${takes.join(' ')}; return ;;`]
  })
}

function flagsOf({ flags }: Spot): string {
  return flags
    .flatMap(({ names, summary }) => names.map((name) => described(name, summary)))
    .join(' ')
}

function wordLines({ path, words, values }: Spot): string[] {
  if (words.length > 0) {
    const list = words.map(({ word, summary }) => described(word, summary)).join(' ')
    return [`      ('${path}/0') found=(${list}) ;;`]
  }
  return values.flatMap((list, index) =>
    list.length === 0 ? [] : [`      ('${path}/${index}') found=(${list.join(' ')}) ;;`],
  )
}

/** zshcompsys(1), _describe: a colon parts the word from what is said about it. */
function described(word: string, summary: string): string {
  return `'${`${word}:${summary}`.replaceAll("'", "'\\''")}'`
}
