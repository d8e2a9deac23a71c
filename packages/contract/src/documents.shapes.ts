import { z } from 'zod'
import { roles, scopes } from './access.policy.ts'
import { idOf, time } from './basic.shapes.ts'
import { environmentKind } from './service.shapes.ts'

/** What the command line prints with `--json` and scripts may rely on, published as schemas in docs/reference. */

const environment = z.strictObject({
  name: z.string().describe('prod, dev, or a name of the user’s own'),
  kind: environmentKind.nullable().describe('null where no sign-in has met the server yet'),
  url: z.string().nullable().describe('origin of the server'),
  version: z.string().nullable().describe('of the server; null with --offline'),
  because: z.string().describe('what chose it: default, --dev, --env, NORRIX_ENV, NORRIX_API_URL'),
})

const organization = z.strictObject({
  id: idOf('org'),
  name: z.string().nullable().describe('null with --offline'),
  role: z.enum(roles).nullable().describe('null for a key, and with --offline'),
  because: z
    .enum(['flag', 'only', 'key', 'asked', 'selected'])
    .describe('why this one: --org, the only one, the key’s own, asked for, orgs select'),
})

const session = z.strictObject({
  id: idOf('session'),
  device: z.string().nullable().describe('null with --offline'),
  signedInWith: z.string().nullable().describe('null with --offline'),
  createdAt: time,
  idleExpiresAt: time.nullable().describe('ends then unless used before; null with --offline'),
  expiresAt: time.describe('ends then in any case'),
})

const key = z.strictObject({
  id: idOf('apiKey').nullable().describe('null with --offline'),
  name: z.string().nullable().describe('null with --offline'),
  start: z.string().describe('its first characters, to recognise it by'),
  scopes: z.array(z.enum(scopes)).nullable().describe('null with --offline'),
  expiresAt: time.nullable().describe('null for never, and with --offline'),
})

/** `norrix whoami --json`, for a session, an API key, and `--offline`. */
export const whoamiDocument = z.strictObject({
  offline: z
    .boolean()
    .describe('true: the server was not asked, this is what the machine remembers'),
  actor: z.enum(['session', 'key']),
  environment,
  organization: organization.nullable().describe('null where none is chosen, or it is not known'),
  user: z
    .strictObject({ id: idOf('account'), email: z.string(), name: z.string().nullable() })
    .nullable()
    .describe('null for a key'),
  session: session.nullable().describe('null for a key'),
  key: key.nullable().describe('null for a session'),
  profile: z.string().describe('whose sessions: default, or the name given by --profile'),
  storage: z
    .enum(['keyring', 'file'])
    .nullable()
    .describe('where the key of the session lies on this machine; null for an API key'),
  warnings: z.array(z.string()),
})
