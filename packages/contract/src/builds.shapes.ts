import { z } from 'zod'
import { flag, idOf, line, listQuery, pageOf, sha256, time } from './basic.shapes.ts'
import { buildStates, buildTypes, platforms } from './builds.policy.ts'
import { inOrg } from './orgs.shapes.ts'

export const project = z.strictObject({
  name: line(100),
  version: line(50),
  buildNumber: z.number().int().min(0).max(2_100_000_000),
  bundleId: line(200).nullable(),
})

/** What the runner is to do. Other back-ends join as further members of the union. */
export const plan = z.discriminatedUnion('backend', [
  z.strictObject({
    backend: z.literal('command'),
    command: line(4000),
    /** Patterns of the files that the command makes, relative to the project. */
    artifacts: z.array(line(300)).min(1).max(20),
  }),
])

export const artifact = z.object({
  id: idOf('artifact'),
  name: z.string(),
  sizeBytes: z.number().int(),
  sha256,
  contentType: z.string(),
  /** Subject of the certificate that signed it, where it is signed. */
  signer: z.string().nullable(),
  /** Made with a test stand-in: never submitted to a store (product ruling 12). */
  standIn: z.boolean(),
  createdAt: time,
})

export const isolationLevel = z.enum(['uid', 'bwrap', 'userns', 'none'])

export const build = z.object({
  id: idOf('build'),
  orgId: idOf('org'),
  platform: z.enum(platforms),
  buildType: z.enum(buildTypes),
  state: z.enum(buildStates),
  project,
  plan,
  source: z.object({ sha256, sizeBytes: z.number().int(), files: z.number().int() }),
  queuedBy: z.object({
    kind: z.enum(['session', 'key']),
    name: z.string(),
    /** The key that queued it was revoked since. */
    keyRevoked: z.boolean(),
  }),
  createdAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  runner: z.object({ id: idOf('runner'), name: z.string(), isolation: isolationLevel }).nullable(),
  /** How often a runner has taken it. */
  attempts: z.number().int(),
  cancelRequested: z.boolean(),
  exitCode: z.number().int().nullable(),
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  artifacts: z.array(artifact),
  logBytes: z.number().int(),
  /** The build's page in the dashboard. */
  url: z.url(),
})

export const logEvent = z.discriminatedUnion('type', [
  /** A piece of the log. Offsets count bytes of UTF-8; ask again from `nextOffset`, the id of the event. */
  z.object({
    type: z.literal('log'),
    offset: z.number().int(),
    nextOffset: z.number().int(),
    text: z.string(),
  }),
  z.object({ type: z.literal('state'), build }),
  /** Nothing more will come. */
  z.object({ type: z.literal('end') }),
])

const oneBuild = inOrg.extend({ buildId: idOf('build') })

export const buildsShapes = {
  'builds.uploadSource': {
    params: inOrg,
    query: z.strictObject({ sha256, files: z.coerce.number().int().min(1).max(1_000_000) }),
    output: z.object({ id: idOf('source'), sha256, sizeBytes: z.number().int() }),
  },
  'builds.create': {
    params: inOrg,
    body: z.strictObject({
      platform: z.enum(platforms),
      buildType: z.enum(buildTypes),
      project,
      plan,
      sourceId: idOf('source'),
      /** Queue it even where no runner for the platform was ever started (product ruling 19). */
      waitForRunner: z.boolean().default(false),
    }),
    output: build,
  },
  'builds.list': {
    params: inOrg,
    query: listQuery.extend({
      platform: z.enum(platforms).optional(),
      state: z.enum(buildStates).optional(),
    }),
    output: pageOf(build),
  },
  'builds.show': { params: oneBuild, output: build },
  'builds.log': {
    params: oneBuild,
    query: z.strictObject({
      from: z.coerce.number().int().min(0).default(0),
      /** False: what is there now, then the end. */
      follow: flag.default(true),
    }),
    event: logEvent,
  },
  'builds.cancel': { params: oneBuild, output: build },
  'builds.download': { params: oneBuild.extend({ artifactId: idOf('artifact') }) },
} as const
