import { z } from 'zod'
import { idPattern, type IdKind } from './id.ts'
import { parseCursor } from './page.ts'
import { undisguised } from './text.policy.ts'

/** Shapes that several nouns are made of. */

export const idOf = (kind: IdKind): z.ZodString => z.string().regex(idPattern(kind))

/** A moment, ISO 8601 in UTC with milliseconds. */
export const time: z.ZodISODateTime = z.iso.datetime({ precision: 3 })

/** A line of text that a person, a project or a machine gave: 1 to `max` characters, none of them in disguise. */
export const line = (max: number): z.ZodString =>
  z.string().min(1).max(max).regex(undisguised, 'must not hold control characters')

/** A name that people give: trimmed, 1 to 64 characters, no control or direction-changing characters. */
export const givenName = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(undisguised, 'must not hold control characters')

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
