import type { Role } from '@norrix/contract/access.policy'
import { newId } from '@norrix/contract/id'
import { orgs as operations } from '@norrix/contract/orgs.operations'
import { parseCursor, toPage, type Page } from '@norrix/contract/page'
import type { Org } from '@norrix/contract/types'
import { implement, type Route } from '../../http/implement.ts'
import type { KeyPrincipal, SessionPrincipal } from '../../http/principal.ts'
import { notFound } from '../../http/refusals.ts'
import { toTime } from '../../kernel/clock.ts'
import type { Database, Db } from '../../kernel/db/database.ts'
import type { Effects } from '../../kernel/effects.ts'
import type { Tables } from '../../schema/index.ts'
import { actorOf, originOf, type Audit } from '../audit/index.ts'
import { findOrg, insertOrg, listOrgsOf, type OrgRow } from './store.ts'

export { findOrg } from './store.ts'

export interface Orgs {
  readonly routes: readonly Route[]
  /** Makes an organization with its first owner, in the caller's transaction. The caller records the act. */
  createWithOwner(
    tx: Db<Pick<Tables, 'orgs' | 'members'>>,
    org: { readonly name: string; readonly accountId: string },
  ): Promise<{ id: string; name: string }>
  /** What the account is in the organization, straight from the database. */
  roleOf(accountId: string, orgId: string): Promise<Role | undefined>
  /** The caller's organizations: a person's memberships, or a key's own one. */
  listFor(
    principal: SessionPrincipal | KeyPrincipal,
    page: { limit: number; cursor?: string | undefined },
  ): Promise<Page<Org>>
}

export function orgsFeature(deps: { db: Database<Tables>; effects: Effects; audit: Audit }): Orgs {
  const { db, effects, audit } = deps
  const lookupRole = db.lookup<{ role: Role }>(
    'select role from members where account_id = ? and org_id = ?',
  )
  const createWithOwner: Orgs['createWithOwner'] = async (tx, { name, accountId }) => {
    const org = { id: newId('org', effects.random), name, created_at: effects.now() }
    await insertOrg(tx, org, accountId)
    return { id: org.id, name }
  }
  const listFor: Orgs['listFor'] = async (principal, { limit, cursor }) => {
    if (principal.kind === 'key') {
      const { orgId: id, org } = principal
      const own = { id, name: org.name, role: null, created_at: org.createdAt }
      return { items: [toOrg(own)], next: null }
    }
    const after = cursor === undefined ? undefined : parseCursor(cursor)
    const rows = await listOrgsOf(db.kysely, principal.accountId, { limit, after })
    const page = toPage(rows, limit, (row) => ({ at: row.created_at, id: row.id }))
    return { items: page.items.map(toOrg), next: page.next }
  }

  return {
    createWithOwner,
    listFor,
    roleOf: async (accountId, orgId) => (await lookupRole(accountId, orgId))?.role,
    routes: [
      implement(operations.list, async ({ principal, query }) => listFor(principal, query)),
      implement(operations.create, ({ body, principal, context }) =>
        db.transaction(async (tx) => {
          const org = await createWithOwner(tx, { name: body.name, accountId: principal.accountId })
          await audit.record(tx, {
            actor: actorOf(principal),
            action: 'orgs.create',
            orgId: org.id,
            subjectId: org.id,
            details: { name: org.name },
            ...originOf(context),
          })
          return { ...org, role: 'owner' as const, createdAt: toTime(effects.now()) }
        }),
      ),
      implement(operations.show, async ({ params, principal }) => {
        const accountId = principal.kind === 'session' ? principal.accountId : null
        const row = await findOrg(db.kysely, params.orgId, accountId)
        if (!row) throw notFound()
        return toOrg(row)
      }),
    ],
  }
}

const toOrg = (row: OrgRow): Org => ({
  id: row.id,
  name: row.name,
  role: row.role,
  createdAt: toTime(row.created_at),
})
