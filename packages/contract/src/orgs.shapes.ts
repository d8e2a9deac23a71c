import { z } from 'zod'
import { roles } from './access.policy.ts'
import { givenName, idOf, listQuery, pageOf, time } from './basic.shapes.ts'

/** An organization as one of its members, or one of its keys, sees it. */
export const orgOfCaller = z.object({
  id: idOf('org'),
  name: z.string(),
  /** Null for an API key, which has scopes and no role. */
  role: z.enum(roles).nullable(),
  createdAt: time,
})

export const inOrg = z.strictObject({ orgId: idOf('org') })

export const orgsShapes = {
  'orgs.list': { query: listQuery, output: pageOf(orgOfCaller) },
  'orgs.create': { body: z.strictObject({ name: givenName }), output: orgOfCaller },
  'orgs.show': { params: inOrg, output: orgOfCaller },
} as const
