// `npm run check:boundaries [folder]`: holds every import to boundaries.ts.
// Exit code 0: nothing found. 1: one line for each breach, on standard output. 2: no such folder.
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { cycleBreaches, entryBreaches } from './boundaries/graph.ts'
import { linksOf, type Breach } from './boundaries/plan.ts'
import { readSources } from './boundaries/source.ts'
import { fileBreaches, linkBreach, sizeWarnings } from './boundaries/walls.ts'

process.exitCode = main(resolve(process.argv[2] ?? dirname(import.meta.dirname)))

function main(root: string): number {
  if (!existsSync(join(root, 'packages'))) {
    console.error(`${root} has no packages folder. Fix: name the root of a clone of Norrix.`)
    return 2
  }
  const start = performance.now()
  const sources = readSources(root)
  const links = linksOf(sources, root)
  const breaches = [
    ...sources.flatMap(fileBreaches),
    ...links.flatMap((link) => linkBreach(link) ?? []),
    ...cycleBreaches(links),
    ...entryBreaches(links),
  ]
  for (const breach of breaches) console.log(sentence(breach))
  for (const warning of sizeWarnings(sources)) console.log(`warning: ${warning}`)
  const took = `${sources.length} files, ${links.length} imports, ${Math.round(performance.now() - start)} ms`
  console.log(
    `${breaches.length === 0 ? 'No' : breaches.length} breach of the boundaries (${took}).`,
  )
  return breaches.length === 0 ? 0 : 1
}

function sentence({ path, line, what, wall, instead }: Breach): string {
  return `${path}:${line} ${what} | ${wall} | instead: ${instead}`
}
