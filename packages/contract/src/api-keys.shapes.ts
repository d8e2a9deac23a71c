import { z } from 'zod'
import { scopes } from './access.policy.ts'
import { givenName, idOf, listQuery, pageOf, time } from './basic.shapes.ts'
import { inOrg } from './orgs.shapes.ts'

export const keyStates = ['active', 'revoked', 'expired'] as const

export const apiKey = z.object({
  id: idOf('apiKey'),
  name: z.string(),
  /** The first 12 characters, to recognise it by. */
  start: z.string(),
  scopes: z.array(z.enum(scopes)),
  status: z.enum(keyStates),
  createdAt: time,
  createdBy: z.string(),
  expiresAt: time.nullable(),
  revokedAt: time.nullable(),
  lastUsed: z.object({ at: time, address: z.string(), agent: z.string() }).nullable(),
  /** Active and not used for 90 days (product ruling 6). */
  unused: z.boolean(),
})

const oneKey = inOrg.extend({ keyId: idOf('apiKey') })

/** Dates end at 23:59:59 of somebody's day, so the moment comes with them (product ruling 6). */
const newKey = z.strictObject({
  name: givenName,
  scopes: z
    .array(z.enum(scopes))
    .min(1, 'choose at least one scope')
    .refine((list) => new Set(list).size === list.length, 'names a scope twice'),
  /** Null or absent: never. */
  expiresAt: time.nullable().optional(),
})

export const apiKeysShapes = {
  'apiKeys.list': {
    params: inOrg,
    query: listQuery.extend({ status: z.enum(['active', 'ended']).default('active') }),
    output: pageOf(apiKey),
  },
  'apiKeys.create': {
    params: inOrg,
    body: newKey,
    output: z.object({ apiKey, secret: z.string() }),
  },
  'apiKeys.show': { params: oneKey, output: apiKey },
  'apiKeys.revoke': {
    params: oneKey,
    body: z.strictObject({ cancelBuilds: z.boolean().default(false) }),
    output: z.object({ apiKey, cancelledBuilds: z.number().int() }),
  },
} as const
