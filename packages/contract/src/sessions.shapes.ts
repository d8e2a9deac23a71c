import { z } from 'zod'
import { scopes } from './access.policy.ts'
import { idOf, time } from './basic.shapes.ts'
import { orgOfCaller } from './orgs.shapes.ts'
import { environmentKind } from './service.shapes.ts'

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
  session: z
    .object({
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
    .nullable(),
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
} as const
