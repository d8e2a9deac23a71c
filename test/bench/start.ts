import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { processorMs, residentMb } from './process-figures.ts'
import { inRounds } from './rounds.ts'
import { figure, judged, median, spread, type Section } from './section.ts'
import { announcedIn, scratchFolder, writeConfig } from './served.ts'
import { startStores } from './stores.ts'
import type { Table } from './table.ts'

interface Sample {
  readonly wallMs: number
  readonly processorMs: number
  readonly residentMb: number
}

const main = fileURLToPath(import.meta.resolve('@norrix/server/main'))
const bare = fileURLToPath(new URL('bare-server.mjs', import.meta.url))

/** From the start of the server's process to its first 200. */
export const start: Table = async ({ isQuick }) => {
  const rounds = isQuick ? 2 : 10
  const scratch = scratchFolder()
  const stores = await startStores()
  let folders = 0
  const newConfig = async (store = stores[0]): Promise<string> => {
    const folder = join(scratch.path, `${folders++}`)
    if (!store) throw new Error('There is no engine.')
    return writeConfig(folder, await store.make(folder))
  }
  try {
    const contenders = [
      { name: 'raw `node:http`', measure: () => firstAnswer(bare, '') },
      {
        name: 'SQLite, an empty data folder: secrets, keys and tables are made',
        measure: async () => firstAnswer(main, await newConfig()),
      },
    ]
    for (const store of stores) {
      const config = await newConfig(store)
      contenders.push({
        name: `${store.name}, all there from before`,
        measure: () => firstAnswer(main, config),
      })
    }
    await inRounds(1, contenders)
    const samples = await inRounds(rounds, contenders)
    const names = contenders.map(({ name }) => name)
    return sectionOf(names, samples, `${rounds} rounds.`)
  } finally {
    for (const store of stores) await store.stop()
    scratch.remove()
  }
}

/** Starts a server, asks once when it says its address, and ends it. */
async function firstAnswer(file: string, config: string): Promise<Sample> {
  const begin = performance.now()
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env['PATH'], NORRIX_SERVER_CONFIG: config },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  try {
    const url = await announced(child.stdout)
    const answer = await fetch(`${url}/.well-known/norrix`)
    await answer.arrayBuffer()
    if (answer.status !== 200) throw new Error(`The first answer was a ${answer.status}.`)
    const wallMs = performance.now() - begin
    const { pid = 0 } = child
    return { wallMs, processorMs: processorMs(pid), residentMb: residentMb(pid) }
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

/** The address in the log of a server that starts. @throws Error when it ends instead */
async function announced(log: Readable): Promise<string> {
  for await (const line of createInterface({ input: log })) {
    const url = announcedIn(line)
    if (url !== undefined) return url
  }
  throw new Error('The server ended before it served.')
}

function sectionOf(
  names: readonly string[],
  samples: readonly (readonly Sample[])[],
  counts: string,
): Section {
  return {
    counts,
    header: ['', 'ms to the first 200', 'CPU ms', 'RSS MB then', 'aim'],
    rows: names.map((name, index) => {
      const all = samples[index] ?? []
      const wallMs = all.map((sample) => sample.wallMs)
      const memory = median(all.map((sample) => sample.residentMb))
      const time = judged(median(wallMs), { atMost: 400, unit: ' ms' })
      const aim = `${time}; ${judged(memory, { atMost: 120, unit: ' MB' })}`
      const spent = median(all.map((sample) => sample.processorMs))
      return [name, spread(wallMs), figure(spent), figure(memory), index === 0 ? '' : aim]
    }),
  }
}
