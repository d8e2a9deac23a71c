// All rules of boundaries.ts on one clone.
import { cycleBreaches, entryBreaches } from './graph.ts'
import { linksOf, type Breach } from './plan.ts'
import { readSources } from './source.ts'
import { fileBreaches, linkBreach, sizeWarnings } from './walls.ts'

export type Verdict = {
  /** One sentence for each broken rule. */
  breaches: readonly string[]
  /** One sentence for each file that grows too long. */
  warnings: readonly string[]
  fileCount: number
  importCount: number
}

/** Reads the sources below `root`, the root of a clone, and holds them to the plan. */
export function checkBoundaries(root: string): Verdict {
  const sources = readSources(root)
  const links = linksOf(sources, root)
  const breaches = [
    ...sources.flatMap(fileBreaches),
    ...links.flatMap((link) => linkBreach(link) ?? []),
    ...cycleBreaches(links),
    ...entryBreaches(links),
  ]
  return {
    breaches: breaches.map(sentence),
    warnings: sizeWarnings(sources),
    fileCount: sources.length,
    importCount: links.length,
  }
}

function sentence({ path, line, what, wall, instead }: Breach): string {
  return `${path}:${line} ${what} | ${wall} | instead: ${instead}`
}
