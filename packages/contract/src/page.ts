/**
 * Paging by cursor. A cursor is opaque to clients: the sort value and id of the last row, so that rows
 * which come or go meanwhile neither repeat nor hide others.
 */
export interface Page<T> {
  readonly items: T[]
  /** Ask again with this for the next page; null on the last one. */
  readonly next: string | null
}

export interface Cursor {
  /** Milliseconds since 1970, UTC. */
  readonly at: number
  readonly id: string
}

export function formatCursor(cursor: Cursor): string {
  return btoa(`${cursor.at}:${cursor.id}`)
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** Reads a cursor; undefined for a text that is none. */
export function parseCursor(text: string): Cursor | undefined {
  try {
    const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    const match = /^(\d{1,15}):([0-9A-Za-z_]{1,60})$/.exec(plain)
    if (!match?.[1] || !match[2]) return undefined
    return { at: Number(match[1]), id: match[2] }
  } catch {
    return undefined
  }
}

/** Cuts `limit + 1` rows, newest first, into a page of `limit`. */
export function toPage<T>(
  rows: readonly T[],
  limit: number,
  cursorOf: (row: T) => Cursor,
): Page<T> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last ? formatCursor(cursorOf(last)) : null }
}
