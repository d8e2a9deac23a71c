import { z } from 'zod'
import { givenName, idOf, sha256, time } from './basic.shapes.ts'
import { artifact, isolationLevel, plan, project } from './builds.shapes.ts'
import { buildOutcomes, buildTypes, platforms } from './builds.policy.ts'
import { isFaultCode } from './fault.ts'

/**
 * Text that a machine reports and people read. It may quote what a build made, such as the name of a file, so that it is taken
 * as it is but for signs that turn the direction of writing, and NUL, which no PostgreSQL text holds.
 */
const report = (max: number) =>
  z
    .string()
    .max(max)
    .overwrite((text) => text.replace(/[\0\u202a-\u202e\u2066-\u2069]/g, '\ufffd'))

const inLease = z.strictObject({ leaseId: idOf('lease') })

export const lease = z.object({
  id: idOf('lease'),
  /** One higher with each lease of the same build. */
  number: z.number().int(),
  token: z.string(),
  expiresAt: time,
  /** How long it lives without being renewed. The runner measures it on its own clock, which may be far from the server's. */
  leaseSeconds: z.number(),
  heartbeatSeconds: z.number().int(),
  build: z.object({
    id: idOf('build'),
    platform: z.enum(platforms),
    buildType: z.enum(buildTypes),
    project,
    plan,
    source: z.object({ sha256, sizeBytes: z.number().int() }),
  }),
  /** Where the build's log ended when the lease began: the offset of this lease's first `appendLog`. */
  logOffset: z.number().int(),
  limits: z.object({ minutes: z.number().int(), logBytes: z.number().int() }),
})

export const leasesShapes = {
  'leases.hello': {
    body: z.strictObject({
      /** Null keeps the name that the runner was added under. */
      name: givenName.nullable(),
      os: report(100),
      version: report(50),
      platforms: z.array(z.enum(platforms)).min(1),
      isolation: isolationLevel,
    }),
    output: z.object({ id: idOf('runner'), name: z.string() }),
  },
  'leases.take': {
    body: z.strictObject({ waitSeconds: z.number().int().min(0).max(30) }),
    output: z.object({ lease: lease.nullable() }),
  },
  'leases.source': { params: inLease },
  'leases.heartbeat': {
    params: inLease,
    output: z.object({ cancelled: z.boolean(), expiresAt: time }),
  },
  'leases.appendLog': {
    params: inLease,
    body: z.strictObject({ offset: z.number().int().min(0), text: z.string().max(262_144) }),
    /** Where the next piece starts, in bytes of UTF-8. Of a log that was cut, it goes on counting what is dropped. */
    output: z.object({ nextOffset: z.number().int() }),
  },
  'leases.uploadArtifact': {
    params: inLease,
    query: z.strictObject({
      name: z
        .string()
        .min(1)
        .max(200)
        .regex(/^[^\p{Cc}\u202a-\u202e\u2066-\u2069/\\]+$/u, 'must be a plain file name'),
      sha256,
      contentType: z
        .string()
        .max(100)
        .regex(/^[\w.+-]+\/[\w.+-]+$/),
      signer: report(500).optional(),
      standIn: z.enum(['true', 'false']).default('false'),
    }),
    output: artifact,
  },
  'leases.finish': {
    params: inLease,
    body: z.strictObject({
      outcome: z.enum(buildOutcomes),
      exitCode: z.number().int().nullable(),
      failure: z
        .strictObject({ code: z.string().refine(isFaultCode), message: report(1000) })
        .nullable(),
    }),
    output: z.object({ state: z.enum(buildOutcomes) }),
  },
} as const
