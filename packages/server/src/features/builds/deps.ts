import type { Bell } from '../../kernel/bell.ts'
import type { Blobs } from '../../kernel/blobs/blobs.ts'
import type { Database } from '../../kernel/db/database.ts'
import type { Effects } from '../../kernel/effects.ts'
import type { Queue } from '../../kernel/queue/queue.ts'
import type { Tables } from '../../schema/index.ts'
import type { Audit } from '../audit/index.ts'
import type { Runners } from '../runners/index.ts'

export interface BuildLimits {
  /** The largest packed project. */
  readonly sourceBytes: number
  readonly artifactBytes: number
  /** The longest log, in bytes of UTF-8; what comes behind it is dropped and the log says so. */
  readonly logBytes: number
  /** How long a build may run; the runner ends it. */
  readonly buildMinutes: number
}

export interface LeaseTiming {
  /** A lease that is not renewed for this long is lost, and its build goes to another runner. */
  readonly leaseMs: number
  /** How often a runner renews; also how long a cancellation takes to reach it. */
  readonly heartbeatSeconds: number
  /** How often lost leases are looked for. */
  readonly sweepMs: number
}

/** A runner may miss eleven heartbeats, a minute's outage, before its build is given away. */
export const usualTiming: LeaseTiming = { leaseMs: 60_000, heartbeatSeconds: 5, sweepMs: 3000 }

/** How often a build is taken before it fails with `runner_lost`. */
export const attemptsMax = 3

/** What the feature is built from. */
export interface BuildsDeps {
  readonly db: Database<Tables>
  readonly effects: Effects
  readonly audit: Audit
  readonly blobs: Blobs
  readonly queue: Queue
  /** Rung with a build's id when the build or its log changed. */
  readonly bell: Bell
  readonly runners: Pick<Runners, 'current' | 'seen' | 'availability'>
  readonly config: { readonly publicUrl: string; readonly limits: BuildLimits }
  /** Told of each build whose runner vanished. */
  readonly onLost?: () => void
  /** `usualTiming` where nothing else is given. */
  readonly timing?: LeaseTiming
}

/** The same inside, with the usual where nothing was given. */
export type Inside = BuildsDeps & { readonly timing: LeaseTiming }
