import { defaultProfile } from '../home/names.ts'
import { profilesIn } from '../home/profiles.ts'
import type { Basics } from '../needs/basics.ts'

/** Where a session may lie on this machine: an environment, and a profile in it. */
export interface Place {
  readonly environment: string
  readonly profile: string
}

/** Every place that could hold a session on this machine. */
export async function placesHere({ settings, paths }: Basics): Promise<readonly Place[]> {
  const { environments } = await settings.read()
  const names = [...new Set(['prod', 'dev', ...Object.keys(environments)])]
  const found = names.map(async (environment) =>
    (await profilesIn(paths, environment)).map((profile) => ({ environment, profile })),
  )
  return (await Promise.all(found)).flat()
}

/** `prod`, `dev (profile work)`. */
export function placeText({ environment, profile }: Place): string {
  return profile === defaultProfile ? environment : `${environment} (profile ${profile})`
}
