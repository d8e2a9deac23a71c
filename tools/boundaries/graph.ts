// The rules that look at the whole graph of imports: no cycles, and what an entry may not load.
import { entries } from '../../boundaries.ts'
import { matchesAny, roomOf, type Breach, type Link } from './plan.ts'

type Edge = { from: string; to: string; line: number }
type Entry = (typeof entries)[number]

/**
 * One breach for each knot of files that import each other, types included: two files that need each
 * other's types are one subject. A lazy `import()` closes no knot, since nothing waits for it.
 */
export function cycleBreaches(links: readonly Link[]): Breach[] {
  const edges = edgesOf(links.filter((link) => link.import.kind !== 'lazy'))
  return knots(edges).map((knot) => cycleBreach(knot, edges))
}

/** One breach for each thing that an entry of boundaries.ts loads although it must not. */
export function entryBreaches(links: readonly Link[]): Breach[] {
  const byFile = Map.groupBy(links, (link) => link.from.path)
  return entries.flatMap((entry) => walkEntry(entry, byFile))
}

function edgesOf(links: readonly Link[]): Map<string, Edge[]> {
  const edges = links.flatMap(({ from, import: one, target }): Edge[] =>
    target.kind === 'file' ? [{ from: from.path, to: target.path, line: one.line }] : [],
  )
  return Map.groupBy(edges, (edge) => edge.from)
}

/**
 * The groups of files that can all reach each other (Tarjan's strongly connected components); a file
 * alone is no group unless it imports itself.
 */
function knots(edges: ReadonlyMap<string, readonly Edge[]>): string[][] {
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const found: string[][] = []
  const visit = (file: string): number => {
    const index = order.size
    order.set(file, index)
    let lowest = index
    stack.push(file)
    for (const { to } of edges.get(file) ?? []) {
      if (!order.has(to)) lowest = Math.min(lowest, visit(to))
      else if (stack.includes(to)) lowest = Math.min(lowest, low.get(to) ?? order.get(to) ?? index)
    }
    low.set(file, lowest)
    if (lowest === index) found.push(stack.splice(stack.indexOf(file)))
    return lowest
  }
  for (const file of edges.keys()) if (!order.has(file)) visit(file)
  return found.filter((knot) => knot.length > 1 || importsItself(knot[0], edges))
}

function importsItself(
  file: string | undefined,
  edges: ReadonlyMap<string, readonly Edge[]>,
): boolean {
  return file !== undefined && (edges.get(file) ?? []).some(({ to }) => to === file)
}

/** The shortest way round from the knot's first file, by name. */
function cycleBreach(knot: readonly string[], edges: ReadonlyMap<string, readonly Edge[]>): Breach {
  const [start = ''] = knot.toSorted()
  const members = new Set(knot)
  let ways: Edge[][] = (edges.get(start) ?? [])
    .filter(({ to }) => members.has(to))
    .map((edge) => [edge])
  const seen = new Set<string>()
  for (;;) {
    const round = ways.find((way) => way.at(-1)?.to === start)
    if (round !== undefined) return describeCycle(start, round)
    ways = ways.flatMap((way) => {
      const at = way.at(-1)?.to ?? start
      if (seen.has(at)) return []
      seen.add(at)
      return (edges.get(at) ?? []).filter(({ to }) => members.has(to)).map((edge) => [...way, edge])
    })
    if (ways.length === 0) throw new Error(`no way round from ${start} although it is in a knot`)
  }
}

function describeCycle(start: string, round: readonly Edge[]): Breach {
  return {
    path: start,
    line: round[0]?.line ?? 1,
    what: `imports itself by way of ${round.map(({ to }) => to).join(' → ')}`,
    wall: 'no cycles, types included',
    instead: 'move what both need into a file that neither imports from',
  }
}

/** Goes breadth first, so that the way told is the shortest one. */
function walkEntry(entry: Entry, byFile: ReadonlyMap<string, readonly Link[]>): Breach[] {
  const cameBy = new Map<string, string[]>([[entry.entry, [entry.entry]]])
  const found = new Map<string, Breach>()
  for (const [file, way] of cameBy) {
    for (const link of byFile.get(file) ?? []) {
      if (link.import.kind === 'type') continue
      if (link.import.kind === 'lazy' && entry.follow === 'start') continue
      const banned = bannedBy(entry, link)
      if (banned !== undefined) {
        if (!found.has(banned)) found.set(banned, entryBreach(entry, link, [...way, banned]))
      } else if (link.target.kind === 'file' && !cameBy.has(link.target.path)) {
        cameBy.set(link.target.path, [...way, link.target.path])
      }
    }
  }
  return [...found.values()]
}

function bannedBy(entry: Entry, { target }: Link): string | undefined {
  if (target.kind === 'package')
    return entry.packages.includes(target.name) ? target.name : undefined
  if (target.kind !== 'file') return undefined
  const room = roomOf(target.path)?.name
  const isBanned =
    room !== undefined &&
    matchesAny(room, [...entry.rooms, ...entry.rooms.map((name) => `${name}/**`)])
  return isBanned ? target.path : undefined
}

function entryBreach(entry: Entry, { from, import: one }: Link, way: readonly string[]): Breach {
  return {
    path: from.path,
    line: one.line,
    what: `is loaded ${entry.follow === 'start' ? 'at the start of' : 'by'} ${way.join(' → ')}`,
    wall: entry.entry,
    instead: entry.why,
  }
}
