/**
 * Whether a text names an environment or a profile. Names become folders: nothing that climbs (threat T56), and nothing that
 * Windows takes for a device.
 */
export function isName(text: string): boolean {
  return /^[a-z0-9-]{1,32}$/.test(text) && !/^(?:con|prn|aux|nul|com\d|lpt\d)$/.test(text)
}

/** What a name may be, for whoever typed another. */
export const nameRule = 'a name of 1 to 32 small letters, digits and hyphens'

/** The profile of a command that names none. */
export const defaultProfile = 'default'

/** How a command is told to use an environment, with a space before; nothing for prod. */
export function environmentFlag(name: string): string {
  if (name === 'prod') return ''
  return name === 'dev' ? ' --dev' : ` --env ${name}`
}

/** How a command is told to use a profile, with a space before; nothing for the default one. */
export function profileFlag(name: string): string {
  return name === defaultProfile ? '' : ` --profile ${name}`
}
