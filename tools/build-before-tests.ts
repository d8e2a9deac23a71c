import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** Vitest calls it once before the first test: what is handed out is made from the source as it is now. */
export function setup(): void {
  execFileSync(process.execPath, [join(import.meta.dirname, 'build.ts')], { stdio: 'inherit' })
}
