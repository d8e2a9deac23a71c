import { command } from '../command.ts'
import { grammarOf, type Grammar } from '../completion/grammar.ts'
import { isName } from '../home/names.ts'
import { profilesIn } from '../home/profiles.ts'
import type { shells } from '../root.ts'

type Shell = (typeof shells)[number]

const scripts: { readonly [S in Shell]: () => Promise<(grammar: Grammar) => string> } = {
  bash: async () => (await import('../completion/bash.ts')).bashScript,
  zsh: async () => (await import('../completion/zsh.ts')).zshScript,
  fish: async () => (await import('../completion/fish.ts')).fishScript,
}

/** Prints a script that completes by itself: pressing Tab starts no norrix, and asks no server. */
export const completion = command([], async ({ io, call, settings, paths }) => {
  // A value of `shells`: the table of commands lets no other through.
  const shell = call.words[0] as Shell
  // A name goes into a script: only one that a command would take.
  const environments = Object.keys((await settings.read()).environments).filter(isName)
  const places = ['prod', 'dev', ...environments].map((name) => profilesIn(paths, name))
  const profiles = (await Promise.all(places)).flat()
  const write = await scripts[shell]()
  const script = write(grammarOf({ environments, profiles }))
  io.document({ shell, script })
  io.result.line(script.trimEnd())
})
