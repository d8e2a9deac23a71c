import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { ConfigSources } from '../config.ts'

/** In a clone beside the code, where git ignores it; else where the system keeps data. Never under `~/.norrix` (ruling 27). */
export function defaultData(env: ConfigSources['env'], root: string): string {
  if (existsSync(join(root, '.git'))) return join(root, '.norrix-server')
  return join(env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'norrix-server')
}
