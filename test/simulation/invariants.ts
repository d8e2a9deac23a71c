import { isFinal, mayBecome } from '@norrix/contract/builds.policy'
import { attemptsMax } from '@norrix/server/features/builds/index'
import type { Ledger } from './ledger.ts'
import { logProblem } from './log-problem.ts'
import type { Records, RecordsReader } from './records.ts'
import { artifactNameOf } from './runner.ts'

type BuildRow = Records['builds'][number]
type LeaseRow = Records['leases'][number]

export interface Watched {
  readonly ledger: Ledger
  readonly reader: RecordsReader
  readonly blobKeys: () => ReadonlyMap<string, unknown>
  /** How far two servers' clocks may be apart, jumps included. */
  readonly clocksApartMs: number
}

/** Something that must never be. */
export class Violation extends Error {}

/** Compares what is committed with what was, with itself, and with what was promised. */
export class Invariants {
  readonly #watched: Watched
  #before: Records | undefined
  readonly #logs = new Map<string, string>()

  constructor(watched: Watched) {
    this.#watched = watched
  }

  /** What was committed when somebody looked last. */
  get latest(): Records | undefined {
    return this.#before
  }

  /** @throws Violation */
  check(): void {
    const now = this.#watched.reader.ifChanged()
    if (!now) return
    for (const build of now.builds) this.#checkBuild(build, now)
    this.#checkLeases(now)
    this.#checkBlobs(now)
    this.#checkAudit(now)
    this.#before = now
  }

  /** What holds once nothing happens any more. @throws Violation */
  checkEnd(): void {
    const { ledger, reader } = this.#watched
    const now = reader.read()
    for (const build of now.builds) {
      must(isFinal(build.state), `${build.id} never ended: ${build.state}`)
    }
    for (const id of ledger.queued) {
      must(
        now.builds.some((build) => build.id === id),
        `the acknowledged ${id} is lost`,
      )
    }
    for (const blob of this.unnamedBlobs(now)) must(false, `${blob} stays though no row names it`)
    this.#checkPromises(now)
  }

  /** Blobs that are kept and that no row names. */
  unnamedBlobs(now = this.#before): string[] {
    const named = new Set(now && blobsNamed(now))
    return [...this.#watched.blobKeys().keys()].filter((blob) => !named.has(blob))
  }

  #checkBuild(build: BuildRow, now: Records): void {
    const before = this.#before?.builds.find(({ id }) => id === build.id)
    const { id, state } = build
    if (before && before.state !== state) {
      // Between two looks a build may have gone back to the queue and been taken again.
      const mayHave =
        mayBecome(before.state, state) || (!isFinal(before.state) && state !== 'queued')
      must(mayHave, `${id} went from ${before.state} to ${state}`)
    }
    if (before && isFinal(before.state)) {
      must(JSON.stringify(before) === JSON.stringify(build), `${id} changed after it had ended`)
    }
    must(build.attempts <= attemptsMax, `${id} was taken ${build.attempts} times`)
    must(!before || before.attempts <= build.attempts, `${id} forgot an attempt`)
    must(
      (build.finished_at !== null) === isFinal(state),
      `${id} is ${state} with a wrong finished_at`,
    )
    const job = now.jobs.get(id)?.state
    must(job === (isFinal(state) ? 'done' : state), `${id} is ${state} and its job ${job}`)
    if (before?.log_bytes !== build.log_bytes) this.#checkLog(build)
    if (isFinal(state) && before?.state !== state) this.#checkOutcome(build, now)
  }

  #checkLog({ id, log_bytes }: BuildRow): void {
    const pieces = this.#watched.reader.log(id)
    const problem = logProblem(pieces, log_bytes)
    must(!problem, `the log of ${id}: ${problem}`)
    const text = pieces.map((piece) => piece.text).join('')
    must(text.startsWith(this.#logs.get(id) ?? ''), `the log of ${id} was rewritten`)
    this.#logs.set(id, text)
  }

  /** At the moment of its end: who ended it had the right to. */
  #checkOutcome(build: BuildRow, now: Records): void {
    const leases = now.leases.filter((lease) => lease.build_id === build.id)
    const newest = leases.at(-1)
    const isReported = newest && newest.ended_at !== null && newest.ended_at < newest.expires_at
    const { id, state, failure_code: failure } = build
    if (state === 'succeeded' || (state === 'failed' && failure !== 'runner_lost')) {
      must(isReported, `${id} ended ${state}, and not by its newest lease`)
    }
    if (state === 'failed' && failure === 'build_failed') {
      must(build.exit_code === newest?.number, `${id} has the outcome of lease ${build.exit_code}`)
    }
    if (state === 'cancelled') {
      must(build.cancel_requested_at !== null || isReported, `nobody cancelled ${id}`)
    }
    const names = now.artifacts.filter((each) => each.build_id === id).map(({ name }) => name)
    const own = names.every((name) =>
      name.startsWith(artifactNameOf(newest?.number ?? 0, 0).slice(0, -6)),
    )
    must(own, `${id} has artifacts of an older lease: ${names.join(' ')}`)
    must(state !== 'succeeded' || names.length > 0, `${id} succeeded with nothing`)
  }

  #checkLeases(now: Records): void {
    const { clocksApartMs, ledger } = this.#watched
    let last: LeaseRow | undefined
    for (const lease of now.leases) {
      const earlier = last?.build_id === lease.build_id ? last : undefined
      last = lease
      const isNew = !this.#before?.leases.some(({ id }) => id === lease.id)
      if (!isNew) continue
      must(!ledger.removed.has(lease.runner_id), `${lease.runner_id} got a lease after its removal`)
      const what = `lease ${lease.number} of ${lease.build_id}`
      must(
        !this.#before?.leases.some(
          (each) => each.build_id === lease.build_id && each.number >= lease.number,
        ),
        `${what} is no new number`,
      )
      const build = this.#before?.builds.find(({ id }) => id === lease.build_id)
      must(build?.cancel_requested_at == null, `${what} was given after the build was cancelled`)
      if (!earlier) continue
      const isOver =
        earlier.ended_at !== null ||
        earlier.runner_removed_at !== null ||
        earlier.expires_at <= lease.created_at + clocksApartMs
      must(isOver, `${what} was given while the one before it lived`)
    }
  }

  #checkBlobs(now: Records): void {
    const kept = this.#watched.blobKeys()
    for (const blob of blobsNamed(now)) {
      must(kept.has(blob), `a row names ${blob}, which is not there`)
    }
  }

  #checkAudit({ builds, audit }: Records): void {
    const acts = (action: string, id: string): number =>
      audit.find((row) => row.action === action && row.subject_id === id)?.acts ?? 0
    for (const { id, cancel_requested_at: asked } of builds) {
      must(acts('builds.create', id) === 1, `the audit has not one queueing of ${id}`)
      must(
        acts('builds.cancel', id) === (asked === null ? 0 : 1),
        `the audit and ${id} differ on its cancelling`,
      )
    }
  }

  #checkPromises({ builds, leases, artifacts }: Records): void {
    const { ledger } = this.#watched
    const stateOf = new Map(builds.map((build) => [build.id, build.state]))
    for (const [id, how] of ledger.cancelled) {
      if (how === 'cancelled')
        must(stateOf.get(id) === 'cancelled', `the cancelled ${id} is ${stateOf.get(id)}`)
    }
    const enders = new Map<string, string>()
    for (const lease of leases) {
      const { id, build_id: buildId, number } = lease
      const told = ledger.finished.get(id)
      if (told === undefined) continue
      must(
        stateOf.get(buildId) === told,
        `lease ${number} was told that ${buildId} is ${told}; it is ${stateOf.get(buildId)}`,
      )
      must(!enders.has(buildId), `two leases were told that they ended ${buildId}`)
      enders.set(buildId, id)
      const kept = artifacts.filter((each) => each.build_id === buildId).map(({ name }) => name)
      const promised = [...(ledger.uploaded.get(id) ?? [])]
      must(
        promised.every((name) => kept.includes(name)),
        `artifacts of ${buildId} are lost: ${promised.join(' ')}`,
      )
    }
    for (const build of builds) {
      const ends = leases
        .filter((lease) => lease.build_id === build.id)
        .map(({ id }) => ledger.logged.get(id) ?? 0)
      must(
        Math.max(0, ...ends) <= build.log_bytes,
        `acknowledged bytes of the log of ${build.id} are lost`,
      )
    }
  }
}

function blobsNamed({ artifacts, sourceBlobs }: Records): string[] {
  return [...sourceBlobs, ...artifacts.map((row) => row.blob)]
}

function must(holds: unknown, what: string): asserts holds {
  if (!holds) throw new Violation(what)
}
