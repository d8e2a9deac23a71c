// `npm run check:boundaries [folder]`: holds every import to boundaries.ts.
// Exit code 0: nothing found. 1: one line for each breach, on standard output. 2: no such folder.
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { checkBoundaries } from './boundaries/check.ts'

process.exitCode = main(resolve(process.argv[2] ?? dirname(import.meta.dirname)))

function main(root: string): number {
  if (!existsSync(join(root, 'packages'))) {
    console.error(`${root} has no packages folder. Fix: name the root of a clone of Norrix.`)
    return 2
  }
  const start = performance.now()
  const { breaches, warnings, fileCount, importCount } = checkBoundaries(root)
  for (const line of breaches) console.log(line)
  for (const line of warnings) console.log(`warning: ${line}`)
  const found = breaches.length === 0 ? 'Every import is' : `${breaches.length} not`
  const took = `${fileCount} files, ${importCount} imports, ${Math.round(performance.now() - start)} ms`
  console.log(`${found} within the boundaries (${took}).`)
  return breaches.length === 0 ? 0 : 1
}
