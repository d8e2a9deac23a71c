import { newId } from '@norrix/contract/id'
import type { RequestContext } from '../../http/implement.ts'
import type { Principal } from '../../http/principal.ts'
import type { Db } from '../../kernel/db/database.ts'
import type { Effects } from '../../kernel/effects.ts'
import type { Tables } from '../../schema/index.ts'

/** Who did something. An operator has a shell on the host and no account here. */
export interface Actor {
  readonly kind: 'nobody' | 'session' | 'key' | 'runner' | 'server' | 'operator'
  readonly id: string | null
  readonly name: string
}

/** One act that changes who may do what. */
export interface AuditEvent {
  readonly actor: Actor
  /** `noun.verb`, as an operation's id. */
  readonly action: string
  readonly orgId: string | null
  /** The id of what was changed. */
  readonly subjectId: string
  readonly address: string
  readonly requestId: string
  /** Never a secret. */
  readonly details?: Readonly<Record<string, unknown>>
}

/** The append-only record. It takes the transaction of the act itself: both are durable, or neither. */
export interface Audit {
  record(tx: Db<Pick<Tables, 'audit_events'>>, event: AuditEvent): Promise<void>
}

export function auditFeature({ effects }: { effects: Effects }): Audit {
  return {
    async record(tx, { actor, details, ...event }) {
      await tx
        .insertInto('audit_events')
        .values({
          id: newId('auditEvent', effects.random),
          at: effects.now(),
          org_id: event.orgId,
          actor_kind: actor.kind,
          actor_id: actor.id,
          actor_name: actor.name,
          action: event.action,
          subject_id: event.subjectId,
          address: event.address,
          request_id: event.requestId,
          details: JSON.stringify(details ?? {}),
        })
        .execute()
    },
  }
}

/** The principal of a request as an actor. */
export function actorOf(principal: Principal): Actor {
  switch (principal.kind) {
    case 'nobody':
      return { kind: 'nobody', id: null, name: 'nobody' }
    case 'session':
      return { kind: 'session', id: principal.accountId, name: principal.email }
    case 'key':
      return { kind: 'key', id: principal.keyId, name: principal.name }
    case 'runner':
      return { kind: 'runner', id: principal.runnerId, name: principal.name }
    case 'lease':
      return { kind: 'runner', id: principal.runnerId, name: principal.leaseId }
  }
}

/** Where a request came from, for `record`. */
export function originOf({ address, requestId }: RequestContext): {
  address: string
  requestId: string
} {
  return { address, requestId }
}

/** When something was last written; milliseconds since 1970. */
export async function newestEvent(
  db: Pick<Db<Pick<Tables, 'audit_events'>>, 'selectFrom'>,
): Promise<number | undefined> {
  const row = await db
    .selectFrom('audit_events')
    .select((e) => e.fn.max('at').as('at'))
    .executeTakeFirst()
  return row?.at === null || row === undefined ? undefined : Number(row.at)
}
