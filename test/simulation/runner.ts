import { createHash } from 'node:crypto'
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@norrix/contract/client'
import { Fault } from '@norrix/contract/fault'
import { leases } from '@norrix/contract/leases.operations'
import { repeatUntilAnswered } from '@norrix/runner/repeat'
import { takeBuilds } from '@norrix/runner/take-builds'
import { downloadSource, uploadArtifact } from '@norrix/runner/transfers'
import type { LeaseAtWork } from '@norrix/runner/work'
import type { Chance } from './chance.ts'
import { publicUrl } from './server.ts'
import { streamOf } from './wire.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

export interface RunnerOptions {
  readonly name: string
  readonly token: string
  readonly world: World
  readonly chance: Chance
  readonly clockAheadMs: number
  /** The longest that a build's command runs. */
  readonly buildMsMax: number
  /** Told when the agent lets go of a build that it has not reported. */
  readonly dropped: (leaseId: string) => void
}

/** A runner process that can be killed, paused and started again: the real agent with builds that have no processes. */
export class SimulatedRunner {
  readonly #options: RunnerOptions
  #process: Process | undefined
  #stop = new AbortController()
  /** The lease that it worked under last. */
  #leaseId = ''

  constructor(options: RunnerOptions) {
    this.#options = options
  }

  start(): void {
    // Still busy with stopping: whoever starts it again has waited long enough, and ends it.
    if (this.#process?.isAlive && !this.#stop.signal.aborted) return
    if (this.#process) this.#process.isAlive = false
    const { name, world, clockAheadMs } = this.#options
    world.note(`${name} starts`)
    this.#stop = new AbortController()
    const { signal } = this.#stop
    this.#process = world.start(name, () => void this.#live(signal), clockAheadMs)
  }

  kill(): void {
    this.#options.world.note(`${this.#options.name} is killed`)
    if (this.#process) this.#process.isAlive = false
  }

  /** SIGSTOP, or a laptop that is shut. */
  pause(ms: number): void {
    const { world, name } = this.#options
    world.note(`${name} sleeps for ${ms} ms`)
    if (this.#process) this.#process.asleepUntil = world.now + ms
  }

  /** Awake, and running again. */
  recover(): void {
    if (this.#process) this.#process.asleepUntil = 0
    this.start()
  }

  /** SIGTERM. */
  stop(): void {
    this.#options.world.note(`${this.#options.name} is stopped`)
    this.#process?.within(() => this.#stop.abort())
  }

  async #live(signal: AbortSignal): Promise<void> {
    const { token, world, name, dropped } = this.#options
    const headers = () => ({ Authorization: `Bearer ${token}` })
    const client = createClient({ baseUrl: publicUrl, headers })
    const log = (event: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      world.note(`${name} ${event} ${JSON.stringify(fields)}`)
      if (event === 'build.dropped' && !signal.aborted) dropped(this.#leaseId)
    }
    const body = { name: null, os: 'sim', version: '1', isolation: 'uid' as const }
    const hello = { body: { ...body, platforms: ['android' as const] }, signal }
    const build = (work: LeaseAtWork) => this.#build(work)
    try {
      await repeatUntilAnswered(signal, log, () => client.call(leases.hello, hello))
      await takeBuilds(client, { url: publicUrl, log, signal, build })
    } catch (error) {
      // Removed: the process ends, as its `main` would have it.
      if (!(error instanceof Fault) || error.code !== 'runner_unknown') throw error
    }
  }

  /** What `runBuild` does, step for step, without files and processes. */
  async #build(work: LeaseAtWork): ReturnType<Parameters<typeof takeBuilds>[1]['build']> {
    this.#leaseId = work.lease.id
    const { chance, buildMsMax } = this.#options
    try {
      await fetchSource(work)
      const lines = chance.between(0, 6)
      for (let n = 0; n < lines && !work.stop.aborted; n += 1) {
        await work.say(lineOf(work.lease.number, n))
        await sleep(chance.between(0, buildMsMax / 6), undefined, { signal: work.stop }).catch(
          () => {},
        )
      }
      if (work.stop.aborted) return { kind: 'cancelled' }
      if (chance.happens(0.2)) {
        const exitCode = work.lease.number
        return { kind: 'failed', code: 'build_failed', message: 'It failed.', exitCode }
      }
      const artifacts = chance.pick([0, 1, 1, 2])
      for (let n = 0; n < artifacts; n += 1) {
        if (work.stop.aborted) return { kind: 'cancelled' }
        await upload(work, n)
      }
      await work.say(lineOf(work.lease.number, lines))
      return { kind: 'succeeded' }
    } catch (error) {
      if (work.stop.aborted && !work.gone.aborted) return { kind: 'cancelled' }
      throw error
    }
  }
}

/** What a lease says, so that its log shows a hole, a double and a stranger. */
export function lineOf(leaseNumber: number, n: number): string {
  return `lease ${leaseNumber} line ${n} ${'·'.repeat(n * 7)}\n`
}

export function artifactNameOf(leaseNumber: number, n: number): string {
  return `app-${leaseNumber}-${n}.apk`
}

async function fetchSource(work: LeaseAtWork): Promise<void> {
  await downloadSource(work, () => new Writable({ write: (_chunk, _encoding, next) => next() }))
}

async function upload(work: LeaseAtWork, n: number): Promise<void> {
  const name = artifactNameOf(work.lease.number, n)
  const bytes = Buffer.from(name.repeat(20))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const query = { name, sha256, contentType: 'application/octet-stream' }
  const sizeBytes = bytes.length
  await uploadArtifact(work, query, { open: () => streamOf(bytes), sizeBytes })
}
