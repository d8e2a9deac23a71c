import { z } from 'zod'

/** What a backup says of itself. It is the last but one file in it; `manifest.sha256` behind it says that it is whole. */
export const manifestShape = z.object({
  format: z.literal(1),
  kind: z.enum(['prod', 'dev']),
  /** Of the Norrix that made it. */
  version: z.string(),
  madeAt: z.iso.datetime(),
  publicUrl: z.string(),
  database: z.object({ path: z.string(), migrations: z.array(z.string()) }),
  files: z.array(
    z.object({
      path: z.string(),
      sizeBytes: z.number().int().nonnegative(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
  /** What was missing or spoilt when it was made, a sentence each. */
  damaged: z.array(z.string()),
})

export type Manifest = z.output<typeof manifestShape>

export const manifestPath = 'manifest.json'
/** In the form of `sha256sum`. */
export const manifestDigestPath = 'manifest.sha256'
