import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Database } from '../../../kernel/db/database.ts'
import type { Effects } from '../../../kernel/effects.ts'
import type { Tables } from '../../../schema/index.ts'
import type { Audit } from '../../audit/index.ts'
import type { Sessions } from '../../sessions/index.ts'
import type { Accounts, Origin } from '../accounts/service.ts'
import type { Throttle } from '../accounts/throttle.ts'
import type { AuthorizationServer } from '../authorization-server/authorization-server.ts'
import type { Claims } from '../claims/service.ts'
import type { IdentityConfig } from '../config.ts'
import type { Place } from '../pages/layout.ts'
import type { Trips } from '../upstreams/trips.ts'
import type { Upstreams } from '../upstreams/upstreams.ts'
import type { CookieNames } from '../web/cookies.ts'

/** What the flows are made with. */
export interface FlowDeps {
  readonly db: Database<Tables>
  readonly effects: Effects
  readonly audit: Audit
  readonly sessions: Sessions
  readonly accounts: Accounts
  readonly claims: Claims
  /** Wrong codes of devices. */
  readonly codeGuesses: Throttle
  readonly upstreams: Upstreams
  readonly trips: Trips
  readonly server: AuthorizationServer
  readonly cookies: CookieNames
  readonly config: IdentityConfig
  readonly place: Place
  readonly dashboardSecret: string
  /** Where this very process listens, for the dashboard's own token request. */
  readonly localOrigin: () => string
}

/** One request of a browser. */
export interface Visit {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** Our own address, whatever `Host` said. */
  readonly url: URL
  /** What the path's pattern captured. */
  readonly path: readonly string[]
  readonly origin: Origin
  readonly agent: string
}

export type Step = (visit: Visit) => Promise<void>

/** A page's address: one method, one pattern. */
export interface PageRoute {
  readonly method: 'GET' | 'POST'
  readonly pattern: RegExp
  readonly step: Step
}

export const route = (method: PageRoute['method'], pattern: RegExp, step: Step): PageRoute => ({
  method,
  pattern,
  step,
})
