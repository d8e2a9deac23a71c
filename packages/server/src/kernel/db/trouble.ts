import { Fault } from '@norrix/contract/fault'

/**
 * A fault for an error that says that the database cannot work now, though nothing is wrong with what was asked: somebody else
 * holds it for too long, or there is no room. Nothing was changed. Undefined for every other error.
 */
export function databaseTrouble(error: unknown): Fault | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined
  // The low byte is the primary result code (SQLite, "Result and Error Codes").
  const says =
    typeof error.errcode === 'number' ? sqliteTroubles.get(error.errcode & 0xff) : undefined
  if (!says) return undefined
  return new Fault('unavailable', {
    message: `The server's database ${says}; nothing was changed.`,
    fix: "try again in a moment; if it stays, tell the server's operator",
    cause: error,
  })
}

const sqliteTroubles: ReadonlyMap<number, string> = new Map([
  [5, 'is busy'], // SQLITE_BUSY
  [6, 'is busy'], // SQLITE_LOCKED
  [10, 'cannot be read or written'], // SQLITE_IOERR
  [13, 'has no room left'], // SQLITE_FULL
  [14, 'cannot be opened'], // SQLITE_CANTOPEN
])
