import { z } from 'zod'
import { givenName, idOf, listQuery, pageOf, time } from './basic.shapes.ts'
import { isolationLevel } from './builds.shapes.ts'
import { platforms } from './builds.policy.ts'
import { inOrg } from './orgs.shapes.ts'

export const runner = z.object({
  id: idOf('runner'),
  name: z.string(),
  /** `org`: this organization's own. `server`: lent by the server to every organization. */
  owner: z.enum(['org', 'server']),
  /** Empty until it has said hello for the first time. */
  platforms: z.array(z.enum(platforms)),
  os: z.string().nullable(),
  version: z.string().nullable(),
  isolation: isolationLevel.nullable(),
  online: z.boolean(),
  lastSeenAt: time.nullable(),
  createdAt: time,
  /** The build it runs now, when that is the organization's. */
  buildId: idOf('build').nullable(),
})

export const runnersShapes = {
  'runners.list': { params: inOrg, query: listQuery, output: pageOf(runner) },
  'runners.create': {
    params: inOrg,
    body: z.strictObject({ name: givenName }),
    output: z.object({ runner, token: z.string() }),
  },
  'runners.remove': { params: inOrg.extend({ runnerId: idOf('runner') }) },
  'runners.availability': {
    params: inOrg,
    query: z.strictObject({ platform: z.enum(platforms) }),
    output: z.object({
      registered: z.number().int(),
      online: z.number().int(),
      /** When the last of them was seen; null when none is registered. */
      lastSeenAt: time.nullable(),
    }),
  },
} as const
