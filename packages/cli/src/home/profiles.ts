import { readdir } from 'node:fs/promises'
import type { HomePaths } from './folder.ts'
import { defaultProfile, isName } from './names.ts'

/** The profiles that may have a session in an environment: the default one, and each that has a folder there. */
export async function profilesIn(paths: HomePaths, environment: string): Promise<string[]> {
  if (!paths.isKnown) return [defaultProfile]
  const found = await readdir(paths.environment(environment), { withFileTypes: true }).catch(
    () => [],
  )
  const named = found.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  return [defaultProfile, ...named.filter(isName).toSorted()]
}
