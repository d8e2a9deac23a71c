import { builds } from '@norrix/contract/builds.operations'
import { leases } from '@norrix/contract/leases.operations'
import { implement, type Route } from '../../http/implement.ts'
import { uploadArtifact } from './artifacts.ts'
import { cancelBuild } from './cancel.ts'
import type { Inside } from './deps.ts'
import { appendLeaseLog, finish, heartbeat, leaseSource } from './leases.ts'
import { streamLog } from './log-stream.ts'
import { createBuild, downloadArtifact, listBuilds, showBuild, uploadSource } from './service.ts'
import { take } from './take.ts'

export function buildRoutes(inside: Inside): readonly Route[] {
  return [
    implement(builds.uploadSource, ({ params, query, body, ...asking }) =>
      uploadSource(inside, asking, { orgId: params.orgId, bytes: body, ...query }),
    ),
    implement(builds.create, ({ params, body, ...asking }) =>
      createBuild(inside, asking, params.orgId, body),
    ),
    implement(builds.list, ({ params, query }) => listBuilds(inside, params.orgId, query)),
    implement(builds.show, ({ params }) => showBuild(inside, params)),
    implement(builds.log, async ({ params, query, context }) => {
      const show = () => showBuild(inside, params)
      // Before the stream begins: what is not there has to be answered with a fault.
      await show()
      const { bell, db } = inside
      const { signal } = context
      return streamLog({ db: db.kysely, bell, show, signal, buildId: params.buildId, ...query })
    }),
    implement(builds.cancel, ({ params, ...asking }) => cancelBuild(inside, asking, params)),
    implement(builds.download, ({ params }) => downloadArtifact(inside, params)),
  ]
}

export function leaseRoutes(inside: Inside): readonly Route[] {
  return [
    implement(leases.take, ({ body, principal, context }) =>
      take(inside, principal, body.waitSeconds, context),
    ),
    implement(leases.source, ({ principal }) => leaseSource(inside, principal)),
    implement(leases.heartbeat, ({ principal }) => heartbeat(inside, principal)),
    implement(leases.appendLog, ({ principal, body }) => appendLeaseLog(inside, principal, body)),
    implement(leases.uploadArtifact, ({ principal, query, body, context }) =>
      uploadArtifact(inside, principal, { ...query, bytes: body }, context),
    ),
    implement(leases.finish, ({ principal, body }) => finish(inside, principal, body)),
  ]
}
