import { apiKeys as operations } from '@norrix/contract/api-keys.operations'
import { implement, type Route } from '../../http/implement.ts'
import type { Authenticate, KeyPrincipal } from '../../http/principal.ts'
import { authenticateKey } from './authenticate.ts'
import { apiKeysService, type ApiKeysDeps } from './service.ts'
import { noteUses } from './store.ts'
import { gatherKeyUses } from './uses.ts'

export interface ApiKeys {
  readonly routes: readonly Route[]
  readonly authenticate: Authenticate<'api-key', KeyPrincipal>
  /** Writes the last uses. */
  stop(): Promise<void>
}

export function apiKeysFeature(deps: ApiKeysDeps): ApiKeys {
  const { db, effects, pepper } = deps
  const service = apiKeysService(deps)
  const uses = gatherKeyUses(
    (batch) =>
      db.transaction(async (tx) => {
        // In one order, so that two servers that write the same keys do not wait for each other.
        const ordered = [...batch].toSorted(([a], [b]) => (a < b ? -1 : 1))
        await noteUses(
          tx,
          ordered.map(([keyId, use]) => ({ keyId, ...use })),
        )
      }),
    effects.log,
  )
  return {
    authenticate: authenticateKey({ db, pepper, now: effects.now, uses }),
    stop: () => uses.stop(),
    routes: [
      implement(operations.list, ({ params, query }) => service.list(params.orgId, query)),
      implement(operations.show, ({ params }) => service.show(params.orgId, params.keyId)),
      implement(operations.create, ({ params, body, principal, context }) =>
        service.create(params.orgId, body, { principal, context }),
      ),
      implement(operations.revoke, ({ params, body, principal, context }) =>
        service.revoke(params.orgId, params.keyId, body, { principal, context }),
      ),
    ],
  }
}
