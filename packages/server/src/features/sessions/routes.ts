import { sessions as operations } from '@norrix/contract/sessions.operations'
import { implement, type Route } from '../../http/implement.ts'
import { sessionsService, type SessionsDeps } from './service.ts'
import { whoami, type WhoamiDeps } from './whoami.ts'

export function sessionsRoutes(deps: SessionsDeps & WhoamiDeps): readonly Route[] {
  const service = sessionsService(deps)
  return [
    implement(operations.whoami, ({ principal }) => whoami(deps, principal)),
    implement(operations.end, (asking) => service.end(asking)),
    implement(operations.list, ({ principal, query }) => service.list(principal, query)),
    implement(operations.revoke, ({ params, ...asking }) =>
      service.revoke(params.sessionId, asking),
    ),
    implement(operations.revokeAll, (asking) => service.revokeAll(asking)),
  ]
}
