import { newId } from '@norrix/contract/id'
import { Fault } from '@norrix/contract/fault'
import { parseCursor, toPage, type Page } from '@norrix/contract/page'
import type { Body, Build, Output, Params, Query } from '@norrix/contract/types'
import type { Readable } from 'node:stream'
import type { BytesReply, RequestContext } from '../../http/implement.ts'
import type { KeyPrincipal, SessionPrincipal } from '../../http/principal.ts'
import { notFound } from '../../http/refusals.ts'
import type { BuildsTable } from '../../schema/tables/builds.ts'
import { actorOf, originOf } from '../audit/index.ts'
import type { Inside } from './deps.ts'
import { settleBlobs } from './doubts.ts'
import { toBuild } from './resource.ts'
import { findSource, insertBuild, insertSource } from './store.ts'
import { artifactOfOrg, artifactsOf, oneBuild, pageOfBuilds } from './views.ts'

export interface Asking {
  readonly principal: SessionPrincipal | KeyPrincipal
  readonly context: RequestContext
}

/**
 * Keeps a packed project. The credential is looked up once more when all has arrived: what a key began to send before it was
 * revoked is refused, and nothing of it is kept (ruling 2).
 *
 * @throws Fault too_large, checksum_mismatch
 */
export async function uploadSource(
  inside: Inside,
  { context }: Asking,
  upload: { readonly orgId: string; readonly bytes: Readable } & Query<'builds.uploadSource'>,
): Promise<Output<'builds.uploadSource'>> {
  const { db, effects, blobs, config } = inside
  const { orgId, bytes, sha256, files } = upload
  const stored = await blobs.put(bytes, { maxBytes: config.limits.sourceBytes, sha256 })
  const id = newId('source', effects.random)
  try {
    await context.confirm()
    const row = { id, org_id: orgId, blob: stored.key, sha256, size_bytes: stored.sizeBytes, files }
    await insertSource(db.kysely, { ...row, created_at: effects.now() })
    await blobs.keep(stored.key)
  } catch (error) {
    await settleBlobs(inside, [stored.key])
    throw error
  }
  return { id, sha256, sizeBytes: stored.sizeBytes }
}

/**
 * Queues a build of an uploaded source.
 *
 * @throws Fault not_found when the organization has no such source
 * @throws Fault no_runner when nothing could ever take it, unless the caller wants to wait (ruling 19)
 */
export async function createBuild(
  inside: Inside,
  { principal, context }: Asking,
  orgId: string,
  body: Body<'builds.create'>,
): Promise<Build> {
  const { db, audit, queue, runners, bell } = inside
  if (!(await findSource(db.kysely, { id: body.sourceId, orgId }))) throw notFound()
  if (!body.waitForRunner) {
    const { registered } = await runners.availability(orgId, body.platform)
    if (registered === 0) throw noRunner(body.platform)
  }
  const row = newBuild(inside, principal, orgId, body)
  await db.transaction(async (tx) => {
    await insertBuild(tx, row)
    await queue.add(tx, { id: row.id, lane: body.platform, tenant: orgId })
    await audit.record(tx, {
      actor: actorOf(principal),
      action: 'builds.create',
      orgId,
      subjectId: row.id,
      ...originOf(context),
      details: { platform: body.platform, buildType: body.buildType },
    })
  })
  queue.announce()
  bell.ring(row.id)
  return showBuild(inside, { orgId, buildId: row.id })
}

export async function listBuilds(
  { db, config }: Inside,
  orgId: string,
  { cursor, limit, platform, state }: Query<'builds.list'>,
): Promise<Page<Build>> {
  const after = cursor === undefined ? undefined : parseCursor(cursor)
  const rows = await pageOfBuilds(db.kysely, { orgId, platform, state, after, limit })
  const page = toPage(rows, limit, (row) => ({ at: row.created_at, id: row.id }))
  const ids = page.items.map((row) => row.id)
  const artifacts = Map.groupBy(await artifactsOf(db.kysely, ids), (row) => row.build_id)
  return {
    items: page.items.map((row) => toBuild(row, artifacts.get(row.id) ?? [], config.publicUrl)),
    next: page.next,
  }
}

/** @throws Fault not_found */
export async function showBuild(
  { db, config }: Inside,
  which: { readonly orgId: string; readonly buildId: string },
): Promise<Build> {
  const row = await oneBuild(db.kysely, which)
  if (!row) throw notFound()
  return toBuild(row, await artifactsOf(db.kysely, [row.id]), config.publicUrl)
}

/** @throws Fault not_found */
export async function downloadArtifact(
  { db, blobs }: Inside,
  which: Params<'builds.download'>,
): Promise<BytesReply> {
  const row = await artifactOfOrg(db.kysely, which)
  if (!row) throw notFound()
  return {
    stream: await blobs.open(row.blob),
    sizeBytes: row.size_bytes,
    contentType: inertType(row.content_type),
    fileName: row.name,
  }
}

/** Types that no browser runs or renders as a page; whatever else a build claims is plain bytes (ruling 25). */
const inertTypes = [
  'application/vnd.android.package-archive',
  'application/gzip',
  'application/json',
  'application/zip',
]

function inertType(claimed: string): string {
  return inertTypes.includes(claimed) ? claimed : 'application/octet-stream'
}

function newBuild(
  { effects }: Inside,
  principal: SessionPrincipal | KeyPrincipal,
  orgId: string,
  body: Body<'builds.create'>,
): BuildsTable {
  const actor = actorOf(principal)
  return {
    id: newId('build', effects.random),
    org_id: orgId,
    platform: body.platform,
    build_type: body.buildType,
    state: 'queued',
    project: JSON.stringify(body.project),
    plan: JSON.stringify(body.plan),
    source_id: body.sourceId,
    queued_by_kind: principal.kind,
    queued_by_id: actor.id ?? '',
    queued_by_name: actor.name,
    created_at: effects.now(),
    started_at: null,
    finished_at: null,
    runner_id: null,
    runner_name: null,
    runner_isolation: null,
    attempts: 0,
    cancel_requested_at: null,
    exit_code: null,
    failure_code: null,
    failure_message: null,
    log_bytes: 0,
  }
}

function noRunner(platform: string): Fault {
  return new Fault('no_runner', {
    message: `No runner for ${platform} was ever started for this organization or by the server.`,
    fix: 'start one with `norrix runners start`, or pass `--wait-for-runner` to queue the build all the same',
    details: { platform },
  })
}
