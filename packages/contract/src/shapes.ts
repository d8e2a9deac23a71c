import type { z } from 'zod'
import { apiKeysShapes } from './api-keys.shapes.ts'
import { buildsShapes } from './builds.shapes.ts'
import { leasesShapes } from './leases.shapes.ts'
import { orgsShapes } from './orgs.shapes.ts'
import { runnersShapes } from './runners.shapes.ts'
import { serviceShapes } from './service.shapes.ts'
import { sessionsShapes } from './sessions.shapes.ts'

/** What may travel with one operation. Absent: nothing does. */
export interface OperationShapes {
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  readonly output?: z.ZodType
  /** One server-sent event. */
  readonly event?: z.ZodType
}

/** Every operation's shapes, by its id. */
export const shapes = {
  ...serviceShapes,
  ...sessionsShapes,
  ...orgsShapes,
  ...apiKeysShapes,
  ...buildsShapes,
  ...runnersShapes,
  ...leasesShapes,
} as const satisfies Record<string, OperationShapes>
