import type { KeyObject } from 'node:crypto'
import type { Scope } from '@norrix/contract/access.policy'
import { readKey } from '@norrix/contract/api-key-format.policy'
import { Fault } from '@norrix/contract/fault'
import type { Authenticate, KeyPrincipal } from '../../http/principal.ts'
import type { Database } from '../../kernel/db/database.ts'
import { hashKey } from '../../kernel/secrets.ts'
import type { Tables } from '../../schema/index.ts'
import type { KeyUses } from './uses.ts'

interface KeyRow {
  readonly id: string
  readonly org_id: string
  readonly org_name: string
  readonly org_created_at: number
  readonly name: string
  readonly start: string
  readonly scopes: string
  readonly expires_at: number | null
  readonly revoked_at: number | null
}

/**
 * The check of an API key: one look-up by HMAC in the primary database, on every request (ruling 2). The index finds the
 * digest of a secret of 253 bits, so comparing it tells an attacker nothing about any key.
 */
export function authenticateKey(deps: {
  db: Database<Tables>
  pepper: KeyObject
  now: () => number
  uses: KeyUses
}): Authenticate<'api-key', KeyPrincipal> {
  const lookup = deps.db.lookup<KeyRow>(
    `select k.id, k.org_id, k.name, k.start, k.scopes, k.expires_at, k.revoked_at,
       o.name as org_name, o.created_at as org_created_at
     from api_keys k join orgs o on o.id = k.org_id
     where k.secret_hash = ?`,
  )
  return async ({ key }, facts) => {
    // Noise never reaches the database. Unknown, mistyped and foreign keys get one answer (ruling 20).
    if (readKey(key).kind !== 'well-formed') throw keyInvalid()
    const row = await lookup(hashKey(key, deps.pepper))
    if (!row) throw keyInvalid()
    const now = deps.now()
    if (row.revoked_at !== null) throw keyOver('key_revoked', 'revoked', row.revoked_at)
    if (row.expires_at !== null && row.expires_at <= now) {
      throw keyOver('key_expired', 'expired', row.expires_at)
    }
    deps.uses.note(row.id, { at: now, ...facts })
    return {
      kind: 'key',
      keyId: row.id,
      orgId: row.org_id,
      org: { name: row.org_name, createdAt: row.org_created_at },
      name: row.name,
      start: row.start,
      // Written by `create`, which took them from the contract's shape.
      scopes: row.scopes.split(' ') as Scope[],
      expiresAt: row.expires_at,
    }
  }
}

function keyInvalid(): Fault {
  return new Fault('key_invalid', {
    message: 'Invalid or expired API key',
    fix: 'check NORRIX_API_KEY, or ask an admin for a new key',
  })
}

/** Who holds a dead key may be a thief: it hears that and when, never who, why, which org or the name (ruling 20). */
function keyOver(code: 'key_revoked' | 'key_expired', what: string, at: number): Fault {
  return new Fault(code, {
    message: 'Invalid or expired API key',
    fix: 'ask an admin for a new one, then replace NORRIX_API_KEY',
    details: { [what === 'revoked' ? 'revokedAt' : 'expiredAt']: new Date(at).toISOString() },
  })
}
