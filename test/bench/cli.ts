import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { claim, signIn } from '../kit/sign-in.ts'
import { temporaryHome } from '../kit/run-norrix.ts'
import { installedTools } from '../../tools/locked-tools.ts'
import { inRounds } from './rounds.ts'
import { figure, judged, median, spread, type Aim, type Section } from './section.ts'
import { scratchFolder, serveUnclaimed } from './served.ts'
import { sqlite } from './stores.ts'
import type { Table } from './table.ts'
import { timedRun, type TimedRun } from './timed-run.ts'

interface Row {
  readonly name: string
  readonly node: Node
  readonly words: readonly string[]
  readonly aim?: number
}

interface Node {
  readonly name: string
  readonly program: string
}

const norrix = fileURLToPath(new URL('../../dist/cli/package/norrix.cjs', import.meta.url))
const peakMbMax = 50

/** Starts of the packed command line, by the Node of this project and by the oldest that it supports. */
export const cli: Table = async ({ isQuick }) => {
  const rounds = isQuick ? 3 : 30
  const scratch = scratchFolder()
  const home = temporaryHome()
  const data = join(scratch.path, 'data')
  const server = await serveUnclaimed(data, await sqlite.make(data))
  try {
    await claim(server)
    const signedIn = await signIn(server.url, { home: home.path })
    if (signedIn.code !== 0) throw new Error(signedIn.stderr)
    const rows = (await nodes()).flatMap(rowsOf)
    const contenders = rows.map(({ name, node, words }) => ({
      name,
      measure: () => timedRun(node.program, words, home.path),
    }))
    // Once unmeasured, for what the system keeps in memory.
    await inRounds(1, contenders)
    return sectionOf(rows, await inRounds(rounds, contenders), `${rounds} rounds.`)
  } finally {
    await server.stop()
    home.remove()
    scratch.remove()
  }
}

async function nodes(): Promise<readonly Node[]> {
  const platform = `node-${process.platform}-${process.arch}`
  const old = join(await installedTools('node-20'), 'node_modules', platform, 'bin', 'node')
  return [
    { name: 'Node 24', program: process.execPath },
    { name: 'Node 20', program: old },
  ]
}

function rowsOf(node: Node): readonly Row[] {
  return [
    { name: '`node -e 0`', node, words: ['-e', '0'] },
    { name: '`norrix --help`', node, words: [norrix, '--help'], aim: 1.25 },
    {
      name: '`norrix whoami --offline`, signed in',
      node,
      words: [norrix, 'whoami', '--offline'],
      aim: 1.5,
    },
    { name: '`norrix whoami`, live on localhost', node, words: [norrix, 'whoami'], aim: 3 },
  ]
}

function sectionOf(
  rows: readonly Row[],
  samples: readonly (readonly TimedRun[])[],
  counts: string,
): Section {
  const wall = (index: number): number => median((samples[index] ?? []).map((run) => run.wallMs))
  const floorOf = ({ node }: Row): number => wall(rows.findIndex((row) => row.node === node))
  const measured = rows.map((row, index) => {
    const all = samples[index] ?? []
    const times = wall(index) / floorOf(row)
    const peakMb = median(all.map((run) => run.peakMb))
    return [
      `${row.name}, ${row.node.name}`,
      spread(all.map((run) => run.wallMs)),
      figure(times, 2),
      figure(median(all.map((run) => run.processorMs))),
      figure(peakMb),
      row.aim === undefined ? '' : verdicts(times, peakMb, row.aim),
    ]
  })
  return {
    counts,
    header: ['', 'ms', '× `node -e 0`', 'CPU ms', 'peak RSS MB', 'aim'],
    rows: measured,
  }
}

function verdicts(times: number, peakMb: number, atMost: number): string {
  const memory: Aim = { atMost: peakMbMax, unit: ' MB' }
  return `${judged(times, { atMost, unit: ' ×' })}; ${judged(peakMb, memory)}`
}
