import { mayBecome, type BuildState } from '@norrix/contract/builds.policy'
import type { Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import type { ArtifactsTable, BuildsTable, SourcesTable } from '../../schema/tables/builds.ts'

type Own = Db<Pick<Tables, 'artifacts' | 'builds' | 'sources'>>

export async function insertSource(db: Own, source: SourcesTable): Promise<void> {
  await db.insertInto('sources').values(source).execute()
}

export function findSource(
  db: Own,
  which: { readonly id: string; readonly orgId: string },
): Promise<SourcesTable | undefined> {
  return db
    .selectFrom('sources')
    .selectAll()
    .where('id', '=', which.id)
    .where('org_id', '=', which.orgId)
    .executeTakeFirst()
}

export async function insertBuild(db: Own, build: BuildsTable): Promise<void> {
  await db.insertInto('builds').values(build).execute()
}

export function findBuild(db: Own, id: string): Promise<BuildsTable | undefined> {
  return db.selectFrom('builds').selectAll().where('id', '=', id).executeTakeFirst()
}

/** Builds that a key queued and that have not ended. */
export async function unendedOfKey(db: Own, keyId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('builds')
    .select('id')
    .where('queued_by_kind', '=', 'key')
    .where('queued_by_id', '=', keyId)
    .where('state', 'in', ['queued', 'running'])
    .orderBy('id')
    .execute()
  return rows.map((row) => row.id)
}

export interface Move {
  readonly from: BuildState
  readonly to: BuildState
}

/**
 * Takes a build from one state to another.
 *
 * @throws Error when the contract's table has no such step, or the build is in another state: a fault of this server's own
 */
export async function moveBuild(
  db: Own,
  id: string,
  { from, to }: Move,
  fields: Partial<Omit<BuildsTable, 'id' | 'org_id' | 'state'>>,
): Promise<void> {
  if (!mayBecome(from, to)) throw new Error(`A build never goes from ${from} to ${to}.`)
  const result = await db
    .updateTable('builds')
    .set({ ...fields, state: to })
    .where('id', '=', id)
    .where('state', '=', from)
    .executeTakeFirst()
  if (result.numUpdatedRows === 0n) throw new Error(`The build ${id} is not ${from}.`)
}

/** Asks a running build to stop; asking again keeps the first time. */
export async function requestCancel(db: Own, id: string, now: number): Promise<void> {
  await db
    .updateTable('builds')
    .set({ cancel_requested_at: now })
    .where('id', '=', id)
    .where('cancel_requested_at', 'is', null)
    .execute()
}

/** Moves the end of a build's log; false when it was not where the caller saw it. */
export async function advanceLog(
  db: Own,
  id: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<boolean> {
  const result = await db
    .updateTable('builds')
    .set({ log_bytes: to })
    .where('id', '=', id)
    .where('log_bytes', '=', from)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

export async function insertArtifact(db: Own, artifact: ArtifactsTable): Promise<void> {
  await db.insertInto('artifacts').values(artifact).execute()
}

export function findArtifact(
  db: Own,
  which: { readonly buildId: string; readonly name: string },
): Promise<ArtifactsTable | undefined> {
  return db
    .selectFrom('artifacts')
    .selectAll()
    .where('build_id', '=', which.buildId)
    .where('name', '=', which.name)
    .executeTakeFirst()
}

export async function hasArtifacts(db: Own, buildId: string): Promise<boolean> {
  const row = await db
    .selectFrom('artifacts')
    .select('id')
    .where('build_id', '=', buildId)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Removes a build's artifacts and names their blobs, to be removed once this is durable. */
export async function takeArtifacts(db: Own, buildId: string): Promise<string[]> {
  const rows = await db
    .deleteFrom('artifacts')
    .where('build_id', '=', buildId)
    .returning('blob')
    .execute()
  return rows.map((row) => row.blob)
}
