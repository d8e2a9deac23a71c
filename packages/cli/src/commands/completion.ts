import { command } from '../command.ts'
import { grammarOf, type Grammar } from '../completion/grammar.ts'
import { environmentName } from '../needs/environment.ts'
import type { shells } from '../root.ts'

type Shell = (typeof shells)[number]

const scripts: { readonly [S in Shell]: () => Promise<(grammar: Grammar) => string> } = {
  bash: async () => (await import('../completion/bash.ts')).bashScript,
  zsh: async () => (await import('../completion/zsh.ts')).zshScript,
  fish: async () => (await import('../completion/fish.ts')).fishScript,
}

/** Prints a script that completes by itself: pressing Tab starts no norrix, and asks no server. */
export const completion = command([], async ({ io, call, settings }) => {
  // A value of `shells`: the table of commands lets no other through.
  const shell = call.words[0] as Shell
  const known = Object.keys((await settings.read()).environments)
  // A name goes into a script: only one that a command would take.
  const write = await scripts[shell]()
  const script = write(grammarOf(known.filter((name) => environmentName.test(name))))
  io.document({ shell, script })
  io.result.line(script.trimEnd())
})
