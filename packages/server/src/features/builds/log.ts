import { Fault } from '@norrix/contract/fault'
import { limitText } from '@norrix/contract/size.policy'
import type { Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import type { BuildLogTable, BuildsTable } from '../../schema/tables/builds.ts'
import { insertPieces, lastPiece } from './log-store.ts'
import { advanceLog } from './store.ts'

type LogDb = Db<Pick<Tables, 'artifacts' | 'build_log' | 'builds' | 'sources'>>

/** Characters in a stored piece: at most 24 KiB of UTF-8, so that a page of pieces stays small. */
const pieceLength = 8192

/**
 * Appends to a build's log at an offset in bytes of UTF-8. What is there already is dropped; a log that reaches its limit
 * gets one last line that says so, and everything behind is dropped.
 *
 * @returns where the next piece starts
 * @throws Fault conflict when the offset lies behind the log's end, which would leave a gap
 */
export async function appendLog(
  tx: LogDb,
  build: Pick<BuildsTable, 'id' | 'log_bytes'>,
  piece: { readonly offset: number; readonly text: string },
  limitBytes: number,
): Promise<number> {
  const end = build.log_bytes
  const bytes = Buffer.from(storable(piece.text))
  const reached = Math.max(end, piece.offset + bytes.length)
  // Only a log that was cut is longer than the limit: by the line that says so.
  if (end > limitBytes) return reached
  if (piece.offset > end) throw gap(piece.offset, end)
  const fresh = bytes.subarray(end - piece.offset)
  if (fresh.length === 0) return end
  const fits = fresh.length <= limitBytes - end
  const kept = fits
    ? fresh.toString()
    : wholeCharacters(fresh, limitBytes - end) + cutLine(limitBytes)
  const after = await writeAt(tx, build, kept)
  return fits ? after : Math.max(after, reached)
}

/** Adds a line of the server's own, in brackets, on a line of its own. It counts towards no limit. */
export async function addLogLine(
  tx: LogDb,
  build: Pick<BuildsTable, 'id' | 'log_bytes'>,
  text: string,
): Promise<number> {
  const last = await lastPiece(tx, build.id)
  const start = last && !last.text.endsWith('\n') ? '\n' : ''
  return writeAt(tx, build, `${start}[norrix] ${text}\n`)
}

/** Cuts bytes of UTF-8 to at most `max` without splitting a character. */
export function wholeCharacters(bytes: Buffer, max: number): string {
  let end = Math.min(max, bytes.length)
  while (end > 0 && isContinuation(bytes[end])) end -= 1
  return bytes.subarray(0, end).toString()
}

/** Whether a byte goes on a character of UTF-8 that began before it (RFC 3629 section 3). */
export function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}

async function writeAt(
  tx: LogDb,
  { id, log_bytes: from }: Pick<BuildsTable, 'id' | 'log_bytes'>,
  text: string,
): Promise<number> {
  const to = from + Buffer.byteLength(text)
  if (!(await advanceLog(tx, id, { from, to }))) throw gap(from, from)
  await insertPieces(tx, inPieces(id, from, text))
  return to
}

function inPieces(buildId: string, from: number, text: string): BuildLogTable[] {
  const pieces: BuildLogTable[] = []
  let at = from
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + pieceLength, text.length)
    // A surrogate pair is one character of UTF-8 and stays together.
    if (end < text.length && /[\ud800-\udbff]/.test(text.charAt(end - 1))) end += 1
    const part = text.slice(start, end)
    pieces.push({ build_id: buildId, from_byte: at, text: part })
    at += Buffer.byteLength(part)
    start = end
  }
  return pieces
}

/** PostgreSQL's text holds no NUL, and no text holds half a character. Each is replaced by as many bytes as it counted. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', ' ')
}

function cutLine(limitBytes: number): string {
  return `\n[norrix] The log is cut here: a build may log ${limitText(limitBytes)}.\n`
}

function gap(offset: number, end: number): Fault {
  return new Fault('conflict', {
    message: `The log ends at byte ${end}; a piece at ${offset} would leave a gap.`,
    fix: 'go on at `nextOffset`',
    details: { nextOffset: end },
  })
}
