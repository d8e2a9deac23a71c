import type { Db } from '../db/database.ts'
import type { Tables } from '../../schema/index.ts'

/** What a worker holds: one job, until `leaseUntil`, under a number that no other holder ever had. */
export interface Claim {
  readonly id: string
  readonly lane: string
  readonly tenant: string
  readonly leaseNumber: number
  /** Milliseconds since 1970. */
  readonly leaseUntil: number
}

export interface ClaimOptions {
  readonly lanes: readonly string[]
  /** Undefined: any tenant's jobs. */
  readonly tenant?: string | undefined
  /** Who takes it, for people to read. */
  readonly owner: string
  readonly leaseMs: number
}

export type QueueTransaction = Db<Pick<Tables, 'jobs'>>

/**
 * Jobs with leases.
 *
 * Life cycle: `queued`, then `running` under a lease, then `done`. A lease that is not renewed runs out, and the next claim
 * takes the job under the next number. Every change names the number; an older one changes nothing and gets `false`.
 * So of two workers that believe they hold a job, only the newer one can end it.
 *
 * All methods take the caller's transaction, so that a job and what it stands for change together.
 */
export interface Queue {
  add(tx: QueueTransaction, job: { id: string; lane: string; tenant: string }): Promise<void>
  /** The job that waits longest of those that are queued or whose lease ran out; undefined when there is none. */
  claim(tx: QueueTransaction, options: ClaimOptions): Promise<Claim | undefined>
  /**
   * Keeps every other transaction off the job until this one ends. Whatever changes the job, its lease or what it stands for
   * begins with this or with a claim: so all of it happens in one order, and nobody waits in a circle.
   */
  hold(tx: QueueTransaction, id: string): Promise<void>
  renew(tx: QueueTransaction, id: string, leaseNumber: number, leaseMs: number): Promise<boolean>
  /** Gives the job back before its lease has run out: the next claim may take it at once. */
  release(tx: QueueTransaction, id: string, leaseNumber: number): Promise<boolean>
  /** Ends the job. False when the lease is not the newest, or has run out and was taken. */
  complete(tx: QueueTransaction, id: string, leaseNumber: number): Promise<boolean>
  /** Ends a job that nobody holds. False when somebody does. */
  withdraw(tx: QueueTransaction, id: string): Promise<boolean>
  /**
   * Resolves when a job was announced, `ms` have passed or the signal aborts; it never rejects. Begin to wait before looking
   * for a job, or one that is added between is slept through.
   */
  wait(ms: number, signal: AbortSignal): Promise<void>
  /** Wakes whoever waits: called after the transaction that added or released a job is durable. */
  announce(): void
}
