import { Fault } from '@norrix/contract/fault'
import { givenName } from '@norrix/contract/basic.shapes'
import type { Database, Db } from '../../kernel/db/database.ts'
import { newToken } from '../../kernel/secrets.ts'
import type { Tables } from '../../schema/index.ts'
import type { Actor } from '../audit/index.ts'
import { findOrg } from '../orgs/index.ts'
import { newRow, type RunnersDeps } from './service.ts'
import { holdRunner, insertRunner, updateRunner } from './store.ts'

/** Runners that the operator adds: for one organization, or, like the server's own, lent to all of them. */
export interface RunnersOperator {
  /** The token is in this answer and never again. @throws Fault not_found, usage */
  add(runner: { orgId: string | null; name: string }): Promise<{ id: string; token: string }>
  /** @throws Fault not_found */
  remove(id: string): Promise<void>
}

interface OperatorDeps extends RunnersDeps {
  readonly db: Database<Tables>
  readonly by: {
    readonly actor: Actor
    readonly origin: { readonly address: string; readonly requestId: string }
  }
}

export function runnersOperator(deps: OperatorDeps): RunnersOperator {
  const { db, effects, audit, by } = deps
  const record = (
    tx: Db<Tables>,
    event: { action: string; orgId: string | null; subjectId: string },
  ) => audit.record(tx, { actor: by.actor, ...event, ...by.origin })
  return {
    async add({ orgId, name }) {
      if (!givenName.safeParse(name).success) throw badName()
      const token = newToken('nrr_', effects.random)
      const row = newRow(effects, { orgId, name, token })
      await db.transaction(async (tx) => {
        if (orgId !== null && !(await findOrg(tx, orgId, null))) throw noOrg(orgId)
        await insertRunner(tx, row)
        await record(tx, { action: 'runners.create', orgId, subjectId: row.id })
      })
      return { id: row.id, token }
    },
    remove: (id) =>
      db.transaction(async (tx) => {
        const row = await holdRunner(tx, id)
        if (!row || row.server_id !== null) throw noRunner(id)
        await updateRunner(tx, id, { removed_at: effects.now() })
        await record(tx, { action: 'runners.remove', orgId: row.org_id, subjectId: id })
      }),
  }
}

function badName(): Fault {
  return new Fault('usage', {
    message: 'That is no name for a runner.',
    fix: 'use at most 64 characters, without control characters',
  })
}

function noOrg(orgId: string): Fault {
  return new Fault('not_found', {
    message: `There is no organization ${orgId.slice(0, 60)} here.`,
    fix: 'its id is in the address of its dashboard, and in `norrix orgs list`',
  })
}

function noRunner(id: string): Fault {
  return new Fault('not_found', {
    message: `There is no runner ${id.slice(0, 60)} that could be removed.`,
    fix: "the server's own goes with `runner: false` in norrix-server.json",
  })
}
