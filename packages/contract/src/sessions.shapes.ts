import { z } from 'zod'
import { scopes } from './access.policy.ts'
import { idOf, listQuery, pageOf, time } from './basic.shapes.ts'
import { orgOfCaller } from './orgs.shapes.ts'
import { environmentKind } from './service.shapes.ts'

const ownSession = z.object({
  id: idOf('session'),
  device: z.string(),
  /** How the person proved who they are, such as `AWS Cognito`. */
  signedInWith: z.string(),
  createdAt: time,
  /** The session ends then unless it is used before. */
  idleExpiresAt: time,
  /** The session ends then in any case. */
  expiresAt: time,
})

export const listedSession = ownSession.extend({
  kind: z.enum(['cli', 'browser']),
  /** Where the sign-in came from. */
  address: z.string(),
  /** To the minute. */
  lastUsedAt: time,
  /** Whether it is the one that asks. */
  current: z.boolean(),
})

const whoami = z.object({
  actor: z.enum(['session', 'key']),
  environment: z.object({
    kind: environmentKind,
    url: z.url(),
    name: z.string(),
    version: z.string(),
  }),
  user: z
    .object({ id: idOf('account'), email: z.string(), name: z.string().nullable() })
    .nullable(),
  session: ownSession.nullable(),
  key: z
    .object({
      id: idOf('apiKey'),
      name: z.string(),
      start: z.string(),
      scopes: z.array(z.enum(scopes)),
      expiresAt: time.nullable(),
    })
    .nullable(),
  /** At most 100; `orgs.list` pages through more. */
  orgs: z.array(orgOfCaller),
})

export const sessionsShapes = {
  'sessions.whoami': { output: whoami },
  'sessions.end': {},
  'sessions.list': { query: listQuery, output: pageOf(listedSession) },
  'sessions.revoke': {
    params: z.strictObject({ sessionId: idOf('session') }),
    output: listedSession,
  },
  'sessions.revokeAll': { output: z.object({ revoked: z.number().int() }) },
} as const
