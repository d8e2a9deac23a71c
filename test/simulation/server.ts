import { setTimeout as sleep } from 'node:timers/promises'
import { builds as buildOperations } from '@norrix/contract/builds.operations'
import { Fault } from '@norrix/contract/fault'
import { leases } from '@norrix/contract/leases.operations'
import { runners as runnerOperations } from '@norrix/contract/runners.operations'
import { shapes } from '@norrix/contract/shapes'
import { version } from '@norrix/contract/version'
import { auditFeature } from '@norrix/server/features/audit/index'
import {
  buildsFeature,
  type BuildsDeps,
  type LeaseTiming,
} from '@norrix/server/features/builds/index'
import { runnersFeature } from '@norrix/server/features/runners/index'
import { createListener } from '@norrix/server/http/listener'
import { mount } from '@norrix/server/http/mount'
import type { SessionPrincipal } from '@norrix/server/http/principal'
import { createBell } from '@norrix/server/kernel/bell'
import type { Database } from '@norrix/server/kernel/db/database'
import { createLog } from '@norrix/server/kernel/log'
import { sqlQueue } from '@norrix/server/kernel/queue/sql'
import type { Tables } from '@norrix/server/schema/index'
import { MemoryBlobs, type MemoryShelf } from './blobs.ts'
import type { Chance } from './chance.ts'
import { databaseOf, ended, type Life } from './database.ts'
import type { Destination } from './network.ts'
import { exchange, type SentAnswer, type SentRequest } from './wire.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

/** A bug to put in: gets what the builds feature is made of, and gives it back worse. */
export type Plant = (deps: BuildsDeps) => BuildsDeps

export interface ServerOptions {
  readonly name: string
  readonly world: World
  readonly chance: Chance
  /** Outlive the process, and are shared by all servers. */
  readonly db: Database<Tables>
  readonly shelf: MemoryShelf
  readonly timing: LeaseTiming
  readonly clockAheadMs: number
  /** How often a statement takes up to `slowestMs` now. */
  readonly slowDatabase: () => { readonly chance: number; readonly slowestMs: number }
  readonly plant: Plant
  /** Takes what the server logs as an error. */
  readonly complain: (line: string) => void
}

export const publicUrl = 'http://norrix.test'
export const orgId = 'org_1'

const operations = [buildOperations, leases, runnerOperations].flatMap((group) =>
  Object.values(group),
)

/** A server process that can be killed and started again: the real listener, routes, features and queue. */
export class SimulatedServer implements Destination {
  clockAheadMs: number
  readonly #options: ServerOptions
  #running: Running | undefined
  #downMs = 0

  constructor(options: ServerOptions) {
    this.#options = options
    this.clockAheadMs = options.clockAheadMs
  }

  get isUp(): boolean {
    return this.#running !== undefined
  }

  start(): void {
    if (this.#running) return
    const { name, world } = this.#options
    const death = Promise.withResolvers<never>()
    death.promise.catch(() => {})
    world.start(
      name,
      (process) => {
        const life = this.#lifeOf(process, death.promise)
        this.#running = {
          process,
          death,
          open: new Set(),
          listener: listenerOf(this.#options, life),
        }
      },
      this.clockAheadMs,
    )
    world.note(`${name} starts`)
  }

  /** kill -9 in so many steps of its database, none: now; and a start so long after. */
  killIn(steps: number, downMs: number): void {
    this.#downMs = downMs
    if (steps <= 0) this.#crash()
    else if (this.#running) this.#running.stepsLeft = steps
  }

  /** Sets its clock, as a time service does that finds it wrong. */
  turnClock(byMs: number): void {
    this.#options.world.note(`${this.#options.name} turns its clock by ${byMs} ms`)
    this.clockAheadMs += byMs
    if (this.#running) this.#running.process.clockAheadMs = this.clockAheadMs
  }

  /** Up, and to stay so. */
  recover(): void {
    this.start()
    if (this.#running) delete this.#running.stepsLeft
  }

  #crash(): void {
    this.kill()
    this.#options.world.later(undefined, this.#downMs, () => this.start())
  }

  kill(): void {
    const running = this.#running
    if (!running) return
    this.#running = undefined
    running.process.isAlive = false
    running.death.reject(ended)
    this.#options.world.note(`${this.#options.name} is killed`)
    for (const cut of running.open) cut()
  }

  receive(
    request: SentRequest,
    arrived: number | undefined,
    done: (answer: SentAnswer | undefined) => void,
  ): { leave(): void } {
    const running = this.#running
    if (!running) throw new Error('Nothing arrives at a server that is down.')
    const cut = (): void => done(undefined)
    running.open.add(cut)
    return running.process.within(() => {
      const one = exchange(request, arrived, (answer) => {
        // What a dead process still says, nobody hears.
        if (running.open.delete(cut) && running.process.isAlive) done(answer)
      })
      running.listener(one.req, one.res)
      return one
    })
  }

  #lifeOf(process: Process, death: Promise<never>): Life {
    const { chance, slowDatabase } = this.#options
    return {
      death,
      isOver: () => !process.isAlive,
      reached: async () => {
        const running = this.#running
        if (running?.process === process && running.stepsLeft !== undefined) {
          running.stepsLeft -= 1
          if (running.stepsLeft <= 0) this.#crash()
        }
        const slow = slowDatabase()
        if (process.isAlive && slow.chance > 0 && chance.happens(slow.chance)) {
          await sleep(chance.between(1, slow.slowestMs))
        }
        if (!process.isAlive) await new Promise<never>(() => {})
      },
    }
  }
}

interface Running {
  readonly process: Process
  readonly death: PromiseWithResolvers<never>
  readonly listener: ReturnType<typeof createListener>
  /** Cuts each connection that has no answer yet. */
  readonly open: Set<() => void>
  stepsLeft?: number
}

const ana: SessionPrincipal = {
  kind: 'session',
  sessionId: 'ses_ana',
  accountId: 'user_ana',
  email: 'ana@example.com',
  via: 'token',
}

/** As `compose` puts it together, without the features that leases do not touch. Starts the sweeper. */
function listenerOf(options: ServerOptions, life: Life): ReturnType<typeof createListener> {
  const { chance, timing, plant, complain } = options
  const log = createLog(complain, { level: 'error', now: Date.now })
  const effects = { now: Date.now, random: (count: number) => chance.bytes(count), log }
  const db = databaseOf(options.db, life)
  const audit = auditFeature({ effects })
  const runners = runnersFeature({ db, effects, audit })
  const limits = { sourceBytes: 1e6, artifactBytes: 1e6, logBytes: 1e6, buildMinutes: 60 }
  // Servers of one database hear nothing of each other here: what they wait for, they find by looking.
  const bell = createBell()
  const blobs = new MemoryBlobs(options.shelf, options.name)
  const usual = { db, effects, audit, blobs, bell, runners, timing }
  const config = { publicUrl, limits }
  const builds = buildsFeature(
    plant({ ...usual, queue: sqlQueue({ now: effects.now, bell }), config }),
  )
  builds.sweeper.start()
  const nobody = async (): Promise<never> => {
    throw new Fault('unauthenticated', { message: 'Not in this simulation.' })
  }
  const mounted = mount({
    operations,
    shapes,
    routes: [...runners.routes, ...builds.routes],
    authenticators: {
      'access-token': async () => ana,
      cookie: nobody,
      'api-key': nobody,
      'runner-token': runners.authenticate,
      'lease-token': builds.authenticateLease,
      roleOf: async () => 'owner',
    },
    cookieName: 'norrix_prod_session',
    publicUrl,
    version,
    stopping: new AbortController().signal,
  })
  return createListener({
    publicUrl,
    version,
    log,
    now: Date.now,
    accessLog: false,
    handlers: [mounted],
    draining: new AbortController().signal,
    onAnswered: () => {},
  })
}
