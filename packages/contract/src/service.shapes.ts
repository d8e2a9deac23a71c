import { z } from 'zod'

export const environmentKind = z.enum(['prod', 'dev'])

export const serviceShapes = {
  'service.discover': {
    output: z.object({
      kind: environmentKind,
      /** Issuer of this environment's tokens, and the origin its credentials belong to. */
      issuer: z.url(),
      name: z.string(),
      version: z.string(),
      /** The versions of the command line that it serves: `from` this one on, `below` that one. */
      cli: z.object({ from: z.string(), below: z.string() }),
      /** How people sign in here, such as `AWS Cognito`; one entry for each upstream. */
      signIn: z.array(z.string()),
      sibling: z.object({ kind: environmentKind, url: z.url() }).nullable(),
    }),
  },
  'service.health': { output: z.object({ status: z.literal('up') }) },
  'service.ready': { output: z.object({ status: z.literal('ready') }) },
  'service.openapi': { output: z.record(z.string(), z.unknown()) },
  'service.cli': {
    output: z.object({
      version: z.string(),
      url: z.url(),
      /** As npm writes it: `sha512-` and base64. */
      integrity: z.string(),
      sizeBytes: z.number().int(),
      install: z.string(),
    }),
  },
  'service.cliPackage': {},
} as const
