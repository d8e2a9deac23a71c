import { z } from 'zod'
import { idPattern, type IdKind } from './id.ts'
import { parseCursor } from './page.ts'

/** Shapes that several nouns are made of. */

export const idOf = (kind: IdKind): z.ZodString => z.string().regex(idPattern(kind))

/** A moment, ISO 8601 in UTC with milliseconds. */
export const time: z.ZodISODateTime = z.iso.datetime({ precision: 3 })

/** A name that people give: trimmed, 1 to 64 characters, no control or direction-changing characters. */
export const givenName = z
  .string()
  .trim()
  .min(1)
  .max(64)
  // Control characters and bidirectional overrides could disguise a name in a list or a terminal.
  .regex(/^[^\p{Cc}\u202a-\u202e\u2066-\u2069]+$/u, 'must not hold control characters')

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** What every list takes. */
export const listQuery = z.strictObject({
  cursor: z
    .string()
    .max(200)
    .refine((text) => parseCursor(text) !== undefined, 'is not a cursor of this list')
    .optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
})

/** A page of `item`; `next` is the cursor of the page after it, or null. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().nullable() })

/** A flag in a query: `true` or `false`, nothing else. */
export const flag = z.enum(['true', 'false']).transform((text) => text === 'true')
