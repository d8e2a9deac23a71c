import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { Fault } from '@norrix/contract/fault'
import type { Database } from './kernel/db/database.ts'
import type { Tables } from './schema/index.ts'

/** Anybody may ask, so that the answer is kept for this long: asking often costs nothing. */
const keptMs = 1000
/** A database that takes longer than this is not there for anybody who waits. */
const patienceMs = 2000

/**
 * Whether this server can do its work now. Migrations are applied before it listens at all.
 *
 * @throws Fault unavailable, saying no more than which part it is: the log has the rest
 */
export function createReadiness(deps: {
  readonly db: Database<Tables>
  readonly dataFolder: string
  readonly draining: AbortSignal
  readonly onFailure: (part: string, cause: unknown) => void
}): () => Promise<void> {
  const { db, dataFolder, draining } = deps
  const ping = db.lookup<{ one: number }>('select 1 as one')
  let looked = { at: -Infinity, part: Promise.resolve<string | undefined>(undefined) }
  const look = async (): Promise<string | undefined> => {
    const parts = {
      database: () => ping(),
      'data folder': () => access(dataFolder, constants.W_OK),
    }
    for (const [part, prove] of Object.entries(parts)) {
      try {
        await inTime(prove())
      } catch (cause) {
        deps.onFailure(part, cause)
        return part
      }
    }
    return undefined
  }
  return async () => {
    if (draining.aborted) throw notReady('This server is stopping.')
    const now = performance.now()
    if (now - looked.at > keptMs) looked = { at: now, part: look() }
    const part = await looked.part
    if (part !== undefined) throw notReady(`The ${part} of this server does not answer.`)
  }
}

async function inTime(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${patienceMs} ms`)), patienceMs)
  })
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}

function notReady(message: string): Fault {
  return new Fault('unavailable', { message, fix: 'ask another server, or this one again later' })
}
