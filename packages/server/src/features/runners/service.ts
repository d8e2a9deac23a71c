import { isPlatform, type Platform } from '@norrix/contract/builds.policy'
import { Fault } from '@norrix/contract/fault'
import { newId } from '@norrix/contract/id'
import { parseCursor, toPage, type Page } from '@norrix/contract/page'
import type { Body, Output, Query, Runner } from '@norrix/contract/types'
import type { RequestContext } from '../../http/implement.ts'
import type { RunnerPrincipal, SessionPrincipal } from '../../http/principal.ts'
import { toTime, toTimeOrNull } from '../../kernel/clock.ts'
import type { Database, Db } from '../../kernel/db/database.ts'
import type { Effects } from '../../kernel/effects.ts'
import { hashToken, newToken } from '../../kernel/secrets.ts'
import type { Tables } from '../../schema/index.ts'
import type { RunnersTable } from '../../schema/tables/runners.ts'
import { actorOf, originOf, type Audit } from '../audit/index.ts'
import {
  findServerRunner,
  holdRunner,
  insertRunner,
  listServing,
  removeRunner,
  updateRunner,
} from './store.ts'
import { pageOfRunners, type RunnerRow } from './views.ts'

/**
 * A runner is online when it was seen within this time. It asks for work in waits of at most 30 s, so that one wait and 15 s
 * for a slow way and the next asking pass before it counts as gone.
 */
export const onlineMs = 45_000

export interface RunnersDeps {
  readonly db: Database<Tables>
  readonly effects: Effects
  readonly audit: Audit
}

/** A runner as the builds feature needs it. */
export interface CurrentRunner {
  readonly id: string
  readonly orgId: string | null
  readonly name: string
  readonly platforms: readonly Platform[]
  /** Null until it has said hello. */
  readonly isolation: string | null
}

export interface Asking {
  readonly orgId: string
  readonly principal: SessionPrincipal
  readonly context: RequestContext
}

export async function listRunners(
  { db, effects }: RunnersDeps,
  orgId: string,
  { cursor, limit }: Query<'runners.list'>,
): Promise<Page<Runner>> {
  const now = effects.now()
  const after = cursor === undefined ? undefined : parseCursor(cursor)
  const rows = await pageOfRunners(db.kysely, { orgId, now, limit, after })
  const page = toPage(rows, limit, (row) => ({ at: row.created_at, id: row.id }))
  return { items: page.items.map((row) => toRunner(row, now)), next: page.next }
}

/** The token is in this answer and never again. */
export async function createRunner(
  { db, effects, audit }: RunnersDeps,
  { orgId, principal, context }: Asking,
  { name }: Body<'runners.create'>,
): Promise<Output<'runners.create'>> {
  const token = newToken('nrr_', effects.random)
  const row = newRow(effects, { orgId, name, token })
  await db.transaction(async (tx) => {
    await insertRunner(tx, row)
    await audit.record(tx, {
      actor: actorOf(principal),
      action: 'runners.create',
      orgId,
      subjectId: row.id,
      ...originOf(context),
      details: { name },
    })
  })
  return { runner: toRunner({ ...row, build_id: null }, effects.now()), token }
}

/** @throws Fault not_found: unknown, already removed, another organization's, or the server's own */
export async function removeRunnerOf(
  { db, effects, audit }: RunnersDeps,
  { orgId, principal, context }: Asking,
  runnerId: string,
): Promise<void> {
  await db.transaction(async (tx) => {
    if (!(await removeRunner(tx, { id: runnerId, orgId, now: effects.now() }))) {
      throw new Fault('not_found', {
        message: `This organization has no runner ${runnerId} of its own.`,
        fix: 'look at the list of runners',
      })
    }
    await audit.record(tx, {
      actor: actorOf(principal),
      action: 'runners.remove',
      orgId,
      subjectId: runnerId,
      ...originOf(context),
    })
  })
}

/** How many runners could take a build for the platform, and how many of them are there (ruling 19). */
export async function availability(
  { db, effects }: RunnersDeps,
  orgId: string,
  platform: Platform,
): Promise<Output<'runners.availability'>> {
  const serving = (await listServing(db.kysely, orgId)).filter((row) =>
    platformsOf(row).includes(platform),
  )
  const seen = serving.flatMap((row) => (row.last_seen_at === null ? [] : [row.last_seen_at]))
  const now = effects.now()
  return {
    registered: serving.length,
    online: seen.filter((at) => now - at < onlineMs).length,
    lastSeenAt: seen.length === 0 ? null : toTime(Math.max(...seen)),
  }
}

export async function hello(
  { db, effects }: RunnersDeps,
  { runnerId, name }: RunnerPrincipal,
  body: Body<'leases.hello'>,
): Promise<Output<'leases.hello'>> {
  await updateRunner(db.kysely, runnerId, {
    name: body.name ?? name,
    os: body.os,
    version: body.version,
    platforms: [...new Set(body.platforms)].join(' '),
    isolation: body.isolation,
    last_seen_at: effects.now(),
  })
  return { id: runnerId, name: body.name ?? name }
}

/** @throws Fault runner_unknown when it was removed */
export async function currentRunner(
  tx: Db<Pick<Tables, 'runners'>>,
  runnerId: string,
): Promise<CurrentRunner> {
  const row = await holdRunner(tx, runnerId)
  if (!row) throw runnerUnknown()
  return {
    id: row.id,
    orgId: row.org_id,
    name: row.name,
    platforms: platformsOf(row),
    isolation: row.isolation,
  }
}

/** Gives a server's own runner a fresh token, and the runner itself where there is none yet. */
export async function ensureServerRunner(
  { db, effects }: RunnersDeps,
  serverId: string,
): Promise<{ token: string }> {
  const token = newToken('nrr_', effects.random)
  await db.transaction(async (tx) => {
    const existing = await findServerRunner(tx, serverId)
    if (existing) return updateRunner(tx, existing.id, { token_hash: hashToken(token) })
    const row = newRow(effects, { orgId: null, name: 'server', token })
    return insertRunner(tx, { ...row, server_id: serverId })
  })
  return { token }
}

/** For a server that has no runner of its own any more: builds must not wait for it. */
export async function retireServerRunner(
  { db, effects }: RunnersDeps,
  serverId: string,
): Promise<void> {
  await db.transaction(async (tx) => {
    const existing = await findServerRunner(tx, serverId)
    if (!existing) return
    await updateRunner(tx, existing.id, { removed_at: effects.now(), server_id: null })
  })
}

export function runnerUnknown(): Fault {
  return new Fault('runner_unknown', {
    message: 'This runner token is not known here, or its runner was removed.',
    fix: 'add a runner in the dashboard and start it with the new token',
  })
}

export function newRow(
  effects: Effects,
  { orgId, name, token }: { orgId: string | null; name: string; token: string },
): RunnersTable {
  return {
    id: newId('runner', effects.random),
    org_id: orgId,
    server_id: null,
    name,
    token_hash: hashToken(token),
    platforms: '',
    os: null,
    version: null,
    isolation: null,
    created_at: effects.now(),
    last_seen_at: null,
    removed_at: null,
  }
}

function toRunner(row: RunnerRow, now: number): Runner {
  return {
    id: row.id,
    name: row.name,
    owner: row.org_id === null ? 'server' : 'org',
    platforms: platformsOf(row),
    os: row.os,
    version: row.version,
    isolation: isolationOf(row.isolation),
    online: row.last_seen_at !== null && now - row.last_seen_at < onlineMs,
    lastSeenAt: toTimeOrNull(row.last_seen_at),
    createdAt: toTime(row.created_at),
    buildId: row.build_id,
  }
}

function platformsOf(row: RunnersTable): Platform[] {
  return row.platforms.split(' ').filter(isPlatform)
}

function isolationOf(text: string | null): Runner['isolation'] {
  return text as Runner['isolation'] // written by `hello`, whose shape allows these levels only
}
