import type { BuildState, Platform } from '@norrix/contract/builds.policy'
import type { Cursor } from '@norrix/contract/page'
import type { Database, Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import type { ArtifactsTable, BuildsTable } from '../../schema/tables/builds.ts'

type Reader = Pick<Db<Tables>, 'selectFrom'>

/** A build with what people want to see beside it. */
export type BuildRow = BuildsTable & {
  readonly source_sha256: string
  readonly source_size_bytes: number
  readonly source_files: number
  /** Null: not queued by a key, or by one that is not revoked. */
  readonly key_revoked_at: number | null
}

export interface BuildFilter {
  readonly orgId: string
  readonly platform?: Platform | undefined
  readonly state?: BuildState | undefined
  readonly after?: Cursor | undefined
  readonly limit: number
}

/** Newest first: one more than `limit`, to know whether there is more. */
export function pageOfBuilds(db: Reader, filter: BuildFilter): Promise<BuildRow[]> {
  const { platform, state, after } = filter
  let rows = buildRows(db).where('builds.org_id', '=', filter.orgId)
  if (platform) rows = rows.where('builds.platform', '=', platform)
  if (state) rows = rows.where('builds.state', '=', state)
  if (after) {
    rows = rows.where((e) =>
      e.or([
        e('builds.created_at', '<', after.at),
        e.and([e('builds.created_at', '=', after.at), e('builds.id', '<', after.id)]),
      ]),
    )
  }
  return rows
    .orderBy('builds.created_at', 'desc')
    .orderBy('builds.id', 'desc')
    .limit(filter.limit + 1)
    .execute()
}

export function oneBuild(
  db: Reader,
  which: { readonly orgId: string; readonly buildId: string },
): Promise<BuildRow | undefined> {
  return buildRows(db)
    .where('builds.org_id', '=', which.orgId)
    .where('builds.id', '=', which.buildId)
    .executeTakeFirst()
}

function buildRows(db: Reader) {
  return db
    .selectFrom('builds')
    .innerJoin('sources', 'sources.id', 'builds.source_id')
    .leftJoin('api_keys', (join) =>
      join.onRef('api_keys.id', '=', 'builds.queued_by_id').on('builds.queued_by_kind', '=', 'key'),
    )
    .selectAll('builds')
    .select([
      'sources.sha256 as source_sha256',
      'sources.size_bytes as source_size_bytes',
      'sources.files as source_files',
      'api_keys.revoked_at as key_revoked_at',
    ])
}

export async function artifactsOf(
  db: Reader,
  buildIds: readonly string[],
): Promise<ArtifactsTable[]> {
  if (buildIds.length === 0) return []
  return db
    .selectFrom('artifacts')
    .selectAll()
    .where('build_id', 'in', buildIds)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
}

export function artifactOfOrg(
  db: Reader,
  which: { readonly orgId: string; readonly buildId: string; readonly artifactId: string },
): Promise<ArtifactsTable | undefined> {
  return db
    .selectFrom('artifacts')
    .innerJoin('builds', 'builds.id', 'artifacts.build_id')
    .selectAll('artifacts')
    .where('artifacts.id', '=', which.artifactId)
    .where('artifacts.build_id', '=', which.buildId)
    .where('builds.org_id', '=', which.orgId)
    .executeTakeFirst()
}

export interface LostLease {
  readonly id: string
  readonly build_id: string
  readonly runner_id: string
  readonly number: number
  readonly expires_at: number
}

/** Leases that ran out, or whose runner was removed. */
export function lostLeases(db: Reader, now: number): Promise<LostLease[]> {
  return db
    .selectFrom('leases')
    .innerJoin('runners', 'runners.id', 'leases.runner_id')
    .select([
      'leases.id',
      'leases.build_id',
      'leases.runner_id',
      'leases.number',
      'leases.expires_at',
    ])
    .where('leases.ended_at', 'is', null)
    .where((e) =>
      e.or([e('leases.expires_at', '<=', now), e('runners.removed_at', 'is not', null)]),
    )
    .orderBy('leases.expires_at')
    .limit(100)
    .execute()
}

/** What the check of a lease's token needs. */
export interface LeaseCheck {
  readonly id: string
  readonly build_id: string
  readonly org_id: string
  readonly runner_id: string
  readonly number: number
  readonly expires_at: number
  readonly ended_at: number | null
  readonly runner_removed_at: number | null
}

/** The look-up behind every request of a lease: one statement, by digest. */
export function leaseLookup(
  db: Database<Tables>,
): (tokenHash: string) => Promise<LeaseCheck | undefined> {
  return db.lookup<LeaseCheck>(
    `select l.id, l.build_id, l.org_id, l.runner_id, l.number, l.expires_at, l.ended_at,
       r.removed_at as runner_removed_at
     from leases l join runners r on r.id = l.runner_id
     where l.token_hash = ?`,
  )
}

/** A blob that a row stands for, and what the row says of it. */
export interface NamedBlob {
  readonly key: string
  readonly sha256: string
  readonly sizeBytes: number
  /** The id of the source or artifact. */
  readonly of: string
}

/** Every blob that the database names. */
export async function namedBlobs(db: Reader): Promise<readonly NamedBlob[]> {
  const blob = ['id', 'blob', 'sha256', 'size_bytes'] as const
  const sources = await db.selectFrom('sources').select(blob).execute()
  const artifacts = await db.selectFrom('artifacts').select(blob).execute()
  return [...sources, ...artifacts].map((row) => ({
    key: row.blob,
    sha256: row.sha256,
    sizeBytes: Number(row.size_bytes),
    of: row.id,
  }))
}

/** Those of these keys that a source or an artifact names. */
export async function namedAmong(
  db: Reader,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  const sources = await db.selectFrom('sources').select('blob').where('blob', 'in', keys).execute()
  const artifacts = await db
    .selectFrom('artifacts')
    .select('blob')
    .where('blob', 'in', keys)
    .execute()
  return new Set([...sources, ...artifacts].map(({ blob }) => blob))
}

/** How many builds there are in each state. */
export function buildCounts(
  db: Reader,
): Promise<{ state: BuildState; count: string | number | bigint }[]> {
  return db
    .selectFrom('builds')
    .select((e) => ['state', e.fn.countAll().as('count')])
    .groupBy('state')
    .execute()
}

/** How many jobs wait, by lane. */
export function queueDepths(
  db: Reader,
): Promise<{ lane: string; count: string | number | bigint }[]> {
  return db
    .selectFrom('jobs')
    .select((e) => ['lane', e.fn.countAll().as('count')])
    .where('state', '=', 'queued')
    .groupBy('lane')
    .execute()
}
