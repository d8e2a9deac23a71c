import { z } from 'zod'

/** The form of `norrix-server.json`. Secrets are never in it, only the names of files that hold them. */

const port = z.number().int().min(0).max(65_535)
const file = z.string().min(1).max(1000)
const origin = z.url({ protocol: /^https?$/, abort: true }).refine(isOrigin, {
  message: 'must be an origin: scheme, host and port, without a path or a slash at the end',
})

const upstream = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('embedded') }),
  z.strictObject({
    kind: z.literal('cognito'),
    region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be a region such as eu-west-1'),
    userPoolId: z.string().min(1),
    domain: origin,
    clientId: z.string().min(1),
    clientSecretFile: file.optional(),
    issuer: z.url().optional(),
  }),
  z.strictObject({
    kind: z.literal('oidc'),
    name: z.string().min(1).max(40),
    issuer: z.url(),
    clientId: z.string().min(1),
    clientSecretFile: file.optional(),
    scopes: z.array(z.string().min(1)).optional(),
  }),
])

const signUp = z.union([
  z.literal('invite'),
  z.literal('open'),
  z.strictObject({ kind: z.literal('domain'), domains: z.array(z.string().min(3)).min(1) }),
])

const runner = z.union([
  z.literal(false),
  z.strictObject({
    platforms: z
      .array(z.enum(['ios', 'android', 'visionos']))
      .min(1)
      .optional(),
    /**
     * `auto`: the best that the machine gives; nothing at all only on a loopback address where nobody signs up (ruling 15).
     * `required`: no builds rather than unprotected ones.
     */
    isolation: z.enum(['auto', 'required']).optional(),
    /** Variables that every build of this runner gets, such as ANDROID_HOME. Never secrets. */
    env: z.record(z.string().regex(/^[A-Z_][A-Z0-9_]*$/), z.string()).optional(),
    /** Folders and files outside the system's own that builds may read. */
    readable: z.array(file).optional(),
  }),
])

const database = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sqlite'), file: file.optional() }),
  z.strictObject({
    kind: z.literal('postgres'),
    /** `postgres://user@host/database`, without a password; or `urlFile`, which may hold one with it. */
    url: z.string().min(1).max(1000).optional(),
    urlFile: file.optional(),
    passwordFile: file.optional(),
    /** PEM of the authority that vouches for the server, where it is none of the public ones. */
    caFile: file.optional(),
    /** The most that this server opens, besides one that listens. */
    connections: z.number().int().min(2).max(1000).optional(),
    /** How long one statement may take. */
    statementSeconds: z.number().int().min(1).max(600).optional(),
  }),
])

export const environmentShape = z.strictObject({
  listen: z
    .strictObject({
      host: z.string().min(1).optional().describe('default localhost: both loopback addresses'),
      port: port.optional().describe('default 4400 for prod, 4401 for dev; 0 takes a free one'),
    })
    .optional(),
  publicUrl: origin
    .optional()
    .describe('what people type, and the issuer of tokens; default http://localhost:<port>'),
  name: z
    .string()
    .min(1)
    .max(40)
    .optional()
    .describe('names the environment to people, such as the company; default Norrix'),
  data: file
    .optional()
    .describe('everything this environment keeps, secrets included; one server at a time'),
  database: database
    .optional()
    .describe(
      'SQLite (default, norrix.db in the data folder) or PostgreSQL; see the guide to hosting',
    ),
  secrets: z
    .strictObject({ folder: file })
    .optional()
    .describe(
      'on PostgreSQL, where every server needs the same secrets: the folder that holds them',
    ),
  blobs: z
    .strictObject({ kind: z.literal('folder'), folder: file.optional() })
    .optional()
    .describe('default: the folder blobs in the data folder'),
  upstreams: z
    .array(upstream)
    .min(1)
    .optional()
    .describe('who vouches for people; several are offered side by side; default embedded'),
  signUp: signUp
    .optional()
    .describe('who may have an account: invite (default), open, or those of verified domains'),
  signIn: z
    .strictObject({
      device: z
        .boolean()
        .optional()
        .describe('by a code that is typed in a browser anywhere, as over SSH; default true'),
    })
    .optional()
    .describe('ways for the command line to sign in besides a browser on its own machine'),
  runner: runner.optional().describe('the runner beside the server, or false; default android'),
  limits: z
    .strictObject({
      sourceBytes: z.number().int().positive().optional().describe('default 1 GiB'),
      artifactBytes: z.number().int().positive().optional().describe('default 2 GiB'),
      logBytes: z.number().int().positive().optional().describe('default 16 MiB'),
      buildMinutes: z.number().int().positive().optional().describe('default 60'),
    })
    .optional(),
  metrics: z
    .strictObject({
      listen: z.strictObject({
        host: z.string().min(1).optional().describe('default 127.0.0.1'),
        port,
      }),
    })
    .optional()
    .describe('an address for Prometheus: GET /metrics, without a credential; default none'),
  accessLog: z.boolean().optional().describe('a line of the log for each request; default true'),
  drain: z
    .strictObject({
      noticeSeconds: z
        .number()
        .min(0)
        .max(600)
        .optional()
        .describe('how long a server that stops answers on while /readyz says 503; default 0'),
      limitSeconds: z
        .number()
        .min(0)
        .max(3600)
        .optional()
        .describe('how long requests under way may then take to end; default 8'),
    })
    .optional(),
  allowInsecureHttp: z
    .boolean()
    .optional()
    .describe('plain http beyond this machine: tokens and keys travel readable; default false'),
})

export const configShape = z.strictObject({
  $schema: z.string().optional(),
  environments: z
    .strictObject({ prod: environmentShape.optional(), dev: environmentShape.optional() })
    .refine((all) => all.prod !== undefined || all.dev !== undefined, 'names no environment'),
})

export type ConfigFile = z.output<typeof configShape>
export type EnvironmentFile = z.output<typeof environmentShape>

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text
}
