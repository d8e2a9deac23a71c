import { isFinal } from '@norrix/contract/builds.policy'
import type { Build, LogEvent } from '@norrix/contract/types'
import type { Bell } from '../../kernel/bell.ts'
import type { Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import { isContinuation } from './log.ts'
import { readPieces } from './log-store.ts'

/** How long a change made by another server process may go unseen here. */
const pollMs = 1000
/** Pieces read at once: at most 400 KiB, whatever the log's length. */
const pageOfPieces = 16

export interface LogStream {
  readonly db: Pick<Db<Tables>, 'selectFrom' | 'insertInto' | 'updateTable' | 'deleteFrom'>
  readonly bell: Bell
  readonly buildId: string
  /** The build as it is now. @throws Fault not_found */
  readonly show: () => Promise<Build>
  readonly from: number
  readonly follow: boolean
  readonly signal: AbortSignal
}

/**
 * A build's log from an offset on, and the build itself whenever something else of it changed. A build that runs is followed.
 * The last three are always: the rest of the log, the final state, `end`. Leaving off is the caller's signal.
 */
export async function* streamLog(stream: LogStream): AsyncGenerator<LogEvent, void, undefined> {
  const { bell, buildId, follow, signal } = stream
  let offset = stream.from
  let told = ''
  while (!signal.aborted) {
    // Waiting begins before looking: a change between the two is heard.
    const changed = bell.wait(buildId, pollMs, signal)
    const build = await stream.show()
    const state = JSON.stringify({ ...build, logBytes: 0 })
    const isLast = !follow || isFinal(build.state)
    if (!isLast && state !== told) yield { type: 'state', build }
    for await (const piece of piecesUntil(stream, offset, build.logBytes)) {
      yield piece
      offset = piece.nextOffset
    }
    if (isLast) {
      if (signal.aborted) return
      yield { type: 'state', build }
      yield { type: 'end' }
      return
    }
    told = state
    await changed
  }
}

type Piece = Extract<LogEvent, { type: 'log' }>

async function* piecesUntil(
  { db, buildId, signal }: LogStream,
  from: number,
  end: number,
): AsyncGenerator<Piece, void, undefined> {
  let offset = from
  while (offset < end && !signal.aborted) {
    const rows = await readPieces(db, { buildId, from: offset, limit: pageOfPieces })
    const first = rows[0]
    if (!first) return
    const bytes = Buffer.from(rows.map((row) => row.text).join(''))
    let start = Math.max(0, offset - first.from_byte)
    // An offset inside a character: what is left of it cannot be shown.
    while (isContinuation(bytes[start])) start += 1
    if (start >= bytes.length) return
    const nextOffset = first.from_byte + bytes.length
    yield {
      type: 'log',
      offset: first.from_byte + start,
      text: bytes.subarray(start).toString(),
      nextOffset,
    }
    offset = nextOffset
  }
}
