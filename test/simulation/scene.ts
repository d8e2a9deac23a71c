import { isFinal } from '@norrix/contract/builds.policy'
import type { Database } from '@norrix/server/kernel/db/database'
import type { Tables } from '@norrix/server/schema/index'
import { MemoryShelf } from './blobs.ts'
import type { Chance } from './chance.ts'
import { runnerOf, type Ground } from './ground.ts'
import { Invariants, Violation } from './invariants.ts'
import { openLedger, recordHeard, wrongIn } from './ledger.ts'
import { calm, Network } from './network.ts'
import { personIn, type Person } from './person.ts'
import type { Plan, Trouble } from './plan.ts'
import { RecordsReader } from './records.ts'
import { SimulatedRunner } from './runner.ts'
import { SimulatedServer, type Plant } from './server.ts'
import { World } from './world.ts'

export interface SceneOptions {
  readonly plan: Plan
  readonly chance: Chance
  readonly plant: Plant
  readonly note: (line: string) => void
}

/** A world with its servers, runners and one person, and what is planned for them. */
export class Scene {
  readonly ledger = openLedger()
  readonly #options: SceneOptions
  readonly #world: World
  readonly #db: Database<Tables>
  readonly #reader: RecordsReader
  readonly #shelf = new MemoryShelf()
  readonly #network: Network
  readonly #servers: readonly SimulatedServer[]
  readonly #runners: readonly SimulatedRunner[]
  readonly #invariants: Invariants
  readonly #time: { restore(): void }
  #isCalm = false
  /** What the person still has to do. */
  #undone = 0
  #problem: string | undefined

  constructor(ground: Ground, options: SceneOptions) {
    const { plan, chance, note } = options
    this.#options = options
    this.#world = new World(note)
    this.#db = ground.db
    this.#reader = new RecordsReader(ground.file)
    this.#network = this.#makeNetwork()
    this.#network.weather = plan.weather
    this.#servers = plan.servers.map(({ clockAheadMs }, n) => this.#makeServer(n, clockAheadMs))
    this.#runners = plan.runners.map(({ clockAheadMs }, n) => this.#makeRunner(n, clockAheadMs))
    this.#invariants = new Invariants({
      ledger: this.ledger,
      reader: this.#reader,
      blobKeys: () => this.#shelf.kept,
      clocksApartMs: clocksApart(plan),
    })
    this.#time = this.#world.takeOver((from, address, init) =>
      this.#network.fetch(from, address, init),
    )
    note(JSON.stringify({ ...plan, chance: chance.fraction() }))
  }

  get outcomes(): readonly string[] {
    return this.#invariants.latest?.builds.map((build) => build.state) ?? []
  }

  /** Plays the plan to its end, and on until nothing is left to arrive. How many events there were. @throws Violation */
  async play(endWithinMs: number): Promise<number> {
    const { plan } = this.#options
    const world = this.#world
    const start = world.now
    for (const server of this.#servers) server.start()
    for (const runner of this.#runners) runner.start()
    this.#planPeople(personIn(world, this.#options.chance))
    for (const trouble of plan.troubles) {
      world.later(undefined, trouble.at, () => this.#happen(trouble))
    }
    world.later(undefined, plan.calmFrom, () => this.#becomeCalm())
    const look = (): void => this.#look()
    const over = (): boolean => this.#isOver()
    const steps = await world.run(start + plan.calmFrom + endWithinMs, look, over)
    this.#invariants.checkEnd()
    return steps
  }

  close(): void {
    for (const server of this.#servers) server.kill()
    for (const runner of this.#runners) runner.kill()
    this.#time.restore()
    this.#reader.close()
  }

  #look(): void {
    if (this.#problem !== undefined) throw new Violation(this.#problem)
    this.#invariants.check()
  }

  #isOver(): boolean {
    if (!this.#isCalm || this.#undone > 0 || this.#network.old > 0) return false
    const isDone = this.#invariants.latest?.builds.every((build) => isFinal(build.state)) ?? false
    // A server that has just started may still be asking about blobs in doubt.
    return isDone && this.#invariants.unnamedBlobs().length === 0
  }

  #planPeople(ana: Person): void {
    const world = this.#world
    const act = (ms: number, work: () => Promise<unknown>): void => {
      this.#undone += 1
      world.later(ana.process, ms, () => {
        work().then(
          () => (this.#undone -= 1),
          (error: unknown) => (this.#problem ??= String(error)),
        )
      })
    }
    for (const { at, cancelAfter } of this.#options.plan.builds) {
      act(at, async () => {
        const id = await ana.queueBuild()
        if (cancelAfter !== undefined) act(cancelAfter, () => ana.cancel(id))
      })
    }
    const removals = this.#options.plan.troubles.filter(({ kind }) => kind === 'runner.remove')
    // One has to be left to do the work.
    for (const { at } of removals.slice(0, this.#runners.length - 1)) {
      const last = this.#left.pop()
      if (last !== undefined) act(at, () => ana.removeRunner(runnerOf(last).id))
    }
  }

  /** Runners that may be removed. */
  readonly #left: number[] = []

  #happen(trouble: Trouble): void {
    if (this.#isCalm) return
    const world = this.#world
    const server = this.#servers[trouble.which % this.#servers.length]
    const runner = this.#runners[trouble.which % this.#runners.length]
    switch (trouble.kind) {
      case 'server.kill':
        return server?.killIn(trouble.inSteps, trouble.downMs)
      case 'server.clock':
        return server?.turnClock(trouble.byMs)
      case 'runner.kill':
      case 'runner.stop':
        if (trouble.kind === 'runner.kill') runner?.kill()
        else runner?.stop()
        world.later(undefined, trouble.downMs, () => runner?.start())
        return
      case 'runner.pause':
        return runner?.pause(trouble.ms)
      case 'runner.remove':
        return
    }
  }

  #becomeCalm(): void {
    this.#world.note('calm')
    this.#isCalm = true
    this.#network.weather = calm
    for (const server of this.#servers) server.recover()
    for (const runner of this.#runners) runner.recover()
  }

  #makeNetwork(): Network {
    const { chance } = this.#options
    return new Network({
      world: this.#world,
      chance,
      destination: () => {
        const server = this.#servers[chance.between(0, this.#servers.length - 1)]
        return server?.isUp ? server : undefined
      },
      answered: (request, answer) => {
        const path = request.target.split('?')[0] ?? ''
        this.#world.note(`${request.method} ${path} ${answer.status}`)
        const wrong = wrongIn(request, answer)
        if (wrong !== undefined) this.#problem ??= wrong
      },
      heard: (request, answer, sentAt) => recordHeard(this.ledger, request, answer, sentAt),
    })
  }

  #makeServer(n: number, clockAheadMs: number): SimulatedServer {
    const { plan, chance, plant } = this.#options
    return new SimulatedServer({
      name: `server${n}`,
      world: this.#world,
      chance,
      plant,
      db: this.#db,
      shelf: this.#shelf,
      timing: plan.timing,
      clockAheadMs,
      slowDatabase: () => (this.#isCalm ? { chance: 0, slowestMs: 0 } : plan.slowDatabase),
      complain: (line) => (this.#problem ??= `the server complained: ${line}`),
    })
  }

  #makeRunner(n: number, clockAheadMs: number): SimulatedRunner {
    const { plan, chance } = this.#options
    if (n > 0) this.#left.push(n)
    return new SimulatedRunner({
      name: `runner${n}`,
      token: runnerOf(n).token,
      world: this.#world,
      chance,
      clockAheadMs,
      buildMsMax: plan.buildMsMax,
      dropped: (leaseId) => this.#judgeDrop(leaseId),
    })
  }

  /** A runner that lets go of a build while its lease may still live wastes an attempt. */
  #judgeDrop(leaseId: string): void {
    const { plan } = this.#options
    // By another server's clock, or before it was turned, it was over.
    if (clocksApart(plan) > 0) return
    const lease = this.#reader.read().leases.find(({ id }) => id === leaseId)
    if (!lease) return
    const serverNow = this.#world.now + (this.#servers[0]?.clockAheadMs ?? 0)
    const renewedAt = this.ledger.renewed.get(leaseId) ?? 0
    const isOver =
      lease.ended_at !== null || lease.runner_removed_at !== null || lease.expires_at <= serverNow
    const mayBeOver = this.#world.now >= renewedAt + plan.timing.leaseMs
    const newest = this.#reader.read().leases.findLast((each) => each.build_id === lease.build_id)
    if (isOver || mayBeOver || newest?.id !== leaseId) return
    this.#problem ??= `a runner dropped ${lease.build_id} though its lease ${lease.number} lives`
  }
}

/** How far two servers' clocks, or one server's before and after a jump, may be apart. */
function clocksApart({ servers, troubles }: Plan): number {
  const aheads = servers.map(({ clockAheadMs }) => clockAheadMs)
  const jumps = troubles.flatMap((each) =>
    each.kind === 'server.clock' ? [Math.abs(each.byMs)] : [],
  )
  return Math.max(...aheads) - Math.min(...aheads) + jumps.reduce((sum, by) => sum + by, 0)
}
