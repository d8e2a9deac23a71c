import { apiKeys } from './api-keys.operations.ts'
import { builds } from './builds.operations.ts'
import { leases } from './leases.operations.ts'
import type { Operation } from './operation.ts'
import { orgs } from './orgs.operations.ts'
import { runners } from './runners.operations.ts'
import { service } from './service.operations.ts'
import { sessions } from './sessions.operations.ts'

/** Every operation there is. The server refuses to start unless each has a handler and a declared access. */
export const operations: readonly Operation[] = [
  ...Object.values(service),
  ...Object.values(sessions),
  ...Object.values(orgs),
  ...Object.values(apiKeys),
  ...Object.values(builds),
  ...Object.values(runners),
  ...Object.values(leases),
]
