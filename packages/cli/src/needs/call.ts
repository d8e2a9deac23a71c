/** What was typed. */
export interface Call {
  /** Positional words after the command's name; absent ones are undefined. */
  readonly words: readonly (string | undefined)[]
  readonly options: Readonly<Record<string, string | boolean | undefined>>
}

/** One of an option's texts; undefined where it was not typed. */
export function textOption(call: Call, name: string): string | undefined {
  const value = call.options[name]
  return typeof value === 'string' ? value : undefined
}
