import type { Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import type { BuildLogTable } from '../../schema/tables/builds.ts'

type Own = Db<Pick<Tables, 'build_log'>>

export async function insertPieces(db: Own, pieces: readonly BuildLogTable[]): Promise<void> {
  if (pieces.length > 0) await db.insertInto('build_log').values(pieces).execute()
}

/** The piece that holds the byte `from`, and those behind it: at most `limit`. */
export function readPieces(
  db: Own,
  {
    buildId,
    from,
    limit,
  }: { readonly buildId: string; readonly from: number; readonly limit: number },
): Promise<BuildLogTable[]> {
  return db
    .selectFrom('build_log')
    .selectAll()
    .where('build_id', '=', buildId)
    .where('from_byte', '>=', (e) =>
      e
        .selectFrom('build_log')
        .select((max) => max.fn.coalesce(max.fn.max('from_byte'), max.val(0)).as('start'))
        .where('build_id', '=', buildId)
        .where('from_byte', '<=', from),
    )
    .orderBy('from_byte')
    .limit(limit)
    .execute()
}

export function lastPiece(db: Own, buildId: string): Promise<BuildLogTable | undefined> {
  return db
    .selectFrom('build_log')
    .selectAll()
    .where('build_id', '=', buildId)
    .orderBy('from_byte', 'desc')
    .limit(1)
    .executeTakeFirst()
}
