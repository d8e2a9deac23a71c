import { Fault } from '@norrix/contract/fault'
import { defaultProfile, isName, nameRule, profileFlag } from '../home/names.ts'
import type { Surroundings } from '../io/terminal.ts'
import { textOption, type Call } from './call.ts'

/** A second set of sessions and chosen organizations, beside the default one, in each environment. */
export interface Profile {
  readonly name: string
  /** What chose it: `default`, `--profile` or `NORRIX_PROFILE`. */
  readonly because: string
  /** How another command is told to use it, with a space before; empty for the default. */
  readonly flag: string
}

/**
 * Order: flag, NORRIX_PROFILE, the default one.
 *
 * @throws Fault usage for a name that cannot be one
 */
export function readProfile(call: Call, env: Surroundings['env']): Profile {
  const typed = textOption(call, 'profile')
  const fromEnv = env['NORRIX_PROFILE']?.trim()
  if (typed !== undefined) return profileOf(typed, '--profile')
  return fromEnv ? profileOf(fromEnv, 'NORRIX_PROFILE') : profileOf(defaultProfile, 'default')
}

function profileOf(name: string, because: string): Profile {
  if (!isName(name)) {
    throw new Fault('usage', {
      message: `${because} is not a name of a profile: ${name.slice(0, 40)}`,
      fix: `use ${nameRule}`,
    })
  }
  return { name, because, flag: profileFlag(name) }
}
