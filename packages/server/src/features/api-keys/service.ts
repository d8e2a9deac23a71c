import type { KeyObject } from 'node:crypto'
import type { Scope } from '@norrix/contract/access.policy'
import {
  formatKey,
  keyStartLength,
  type EnvironmentKind,
} from '@norrix/contract/api-key-format.policy'
import { Fault } from '@norrix/contract/fault'
import { newId } from '@norrix/contract/id'
import { parseCursor, toPage, type Page } from '@norrix/contract/page'
import type { ApiKey } from '@norrix/contract/types'
import type { RequestContext } from '../../http/implement.ts'
import type { SessionPrincipal } from '../../http/principal.ts'
import { notFound } from '../../http/refusals.ts'
import { toTime, toTimeOrNull } from '../../kernel/clock.ts'
import type { Database, Db } from '../../kernel/db/database.ts'
import type { Effects } from '../../kernel/effects.ts'
import { hashKey } from '../../kernel/secrets.ts'
import type { Tables } from '../../schema/index.ts'
import type { ApiKeysTable } from '../../schema/tables/api-keys.ts'
import { actorOf, originOf, type Audit } from '../audit/index.ts'
import { findKey, insertKey, listKeys, revokeKey } from './store.ts'

/** An active key that nobody used for this long is flagged (ruling 6). */
const unusedMs = 90 * 24 * 60 * 60 * 1000

export interface ApiKeysDeps {
  readonly db: Database<Tables>
  readonly effects: Effects
  readonly audit: Audit
  readonly environment: EnvironmentKind
  readonly pepper: KeyObject
  /** Cancels the builds that a key queued and that have not ended; says how many. Builds are above this feature. */
  readonly cancelBuildsOf: (tx: Db<Tables>, keyId: string, by: Asking) => Promise<number>
}

/** Who asks, and from where, for the audit. */
export interface Asking {
  readonly principal: SessionPrincipal
  readonly context: RequestContext
}

export interface ApiKeysService {
  list(
    orgId: string,
    page: { status: 'active' | 'ended'; limit: number; cursor?: string | undefined },
  ): Promise<Page<ApiKey>>
  show(orgId: string, keyId: string): Promise<ApiKey>
  create(
    orgId: string,
    key: { name: string; scopes: readonly Scope[]; expiresAt?: string | null | undefined },
    asking: Asking,
  ): Promise<{ apiKey: ApiKey; secret: string }>
  revoke(
    orgId: string,
    keyId: string,
    options: { cancelBuilds: boolean },
    asking: Asking,
  ): Promise<{ apiKey: ApiKey; cancelledBuilds: number }>
}

export function apiKeysService(deps: ApiKeysDeps): ApiKeysService {
  const { db, effects, audit } = deps
  const show: ApiKeysService['show'] = async (orgId, keyId) => {
    const row = await findKey(db.kysely, { orgId, keyId })
    if (!row) throw notFound()
    return toApiKey(row, effects.now())
  }
  return {
    show,
    async list(orgId, { status, limit, cursor }) {
      const now = effects.now()
      const after = cursor === undefined ? undefined : parseCursor(cursor)
      const where = { orgId, active: status === 'active', now }
      const rows = await listKeys(db.kysely, where, { limit, after })
      const page = toPage(rows, limit, (row) => ({ at: row.created_at, id: row.id }))
      return { items: page.items.map((row) => toApiKey(row, now)), next: page.next }
    },
    async create(orgId, key, asking) {
      const secret = formatKey(deps.environment, effects.random)
      const row = newRow(deps, orgId, key, asking.principal, secret)
      await db.transaction(async (tx) => {
        await insertKey(tx, row)
        await audit.record(tx, {
          actor: actorOf(asking.principal),
          action: 'apiKeys.create',
          orgId,
          subjectId: row.id,
          details: { name: row.name, scopes: key.scopes, expiresAt: key.expiresAt ?? null },
          ...originOf(asking.context),
        })
      })
      return { apiKey: toApiKey(row, row.created_at), secret }
    },
    async revoke(orgId, keyId, { cancelBuilds }, asking) {
      const cancelledBuilds = await db.transaction(async (tx) => {
        if (!(await findKey(tx, { orgId, keyId }))) throw notFound()
        const revoked = await revokeKey(tx, { orgId, keyId }, effects.now())
        const cancelled = cancelBuilds ? await deps.cancelBuildsOf(tx, keyId, asking) : 0
        if (revoked) {
          await audit.record(tx, {
            actor: actorOf(asking.principal),
            action: 'apiKeys.revoke',
            orgId,
            subjectId: keyId,
            details: { cancelBuilds, cancelled },
            ...originOf(asking.context),
          })
        }
        return cancelled
      })
      return { apiKey: await show(orgId, keyId), cancelledBuilds }
    },
  }
}

function newRow(
  { effects, pepper }: ApiKeysDeps,
  orgId: string,
  key: { name: string; scopes: readonly Scope[]; expiresAt?: string | null | undefined },
  creator: SessionPrincipal,
  secret: string,
): ApiKeysTable {
  const now = effects.now()
  const expiresAt = key.expiresAt ? Date.parse(key.expiresAt) : null
  if (expiresAt !== null && expiresAt <= now) {
    throw new Fault('bad_request', {
      message: 'The expiration date is in the past.',
      fix: 'choose a later date, or none',
      details: { fields: [{ in: 'body', field: 'expiresAt', problem: 'is in the past' }] },
    })
  }
  return {
    id: newId('apiKey', effects.random),
    org_id: orgId,
    name: key.name,
    start: secret.slice(0, keyStartLength),
    secret_hash: hashKey(secret, pepper),
    scopes: key.scopes.join(' '),
    created_by: creator.accountId,
    created_by_name: creator.email,
    created_at: now,
    expires_at: expiresAt,
    revoked_at: null,
    last_used_at: null,
    last_used_address: null,
    last_used_agent: null,
  }
}

function toApiKey(row: ApiKeysTable, now: number): ApiKey {
  const expired = row.expires_at !== null && row.expires_at <= now
  const status = row.revoked_at !== null ? 'revoked' : expired ? 'expired' : 'active'
  return {
    id: row.id,
    name: row.name,
    start: row.start,
    // Written by `newRow`, which took them from the contract's shape.
    scopes: row.scopes.split(' ') as Scope[],
    status,
    createdAt: toTime(row.created_at),
    createdBy: row.created_by_name,
    expiresAt: toTimeOrNull(row.expires_at),
    revokedAt: toTimeOrNull(row.revoked_at),
    lastUsed:
      row.last_used_at === null
        ? null
        : {
            at: toTime(row.last_used_at),
            address: row.last_used_address ?? 'unknown',
            agent: row.last_used_agent ?? '',
          },
    unused: status === 'active' && now - (row.last_used_at ?? row.created_at) > unusedMs,
  }
}
