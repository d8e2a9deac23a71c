import type { Surroundings } from '../io/terminal.ts'

/** What a child that runs somebody else's code may know: no key, no token, no settings of ours, no switch of Node. */
export function childEnvironment(env: Surroundings['env']): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    const isOurs = /^NORRIX_/i.test(name) || /^NODE_OPTIONS$/i.test(name)
    if (value !== undefined && !isOurs) kept[name] = value
  }
  return kept
}
