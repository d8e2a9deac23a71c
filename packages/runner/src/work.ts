import type { Client } from '@norrix/contract/client'
import type { Lease } from '@norrix/contract/types'
import type { Isolation } from './isolation/isolation.ts'

/** What builds on this machine run in. */
export interface BuildSurroundings {
  readonly isolation: Isolation
  /** Where workspaces are made. */
  readonly workspaces: string
  readonly scratch: string
  readonly env: Readonly<Record<string, string>>
  readonly hidden: readonly string[]
  readonly readable: readonly string[]
}

/** A lease at work: what the build's steps need of it. */
export interface LeaseAtWork {
  readonly lease: Lease
  readonly client: Client
  /** Appends to the build's log; waits while too much is unsent. */
  readonly say: (text: string) => Promise<void>
  /** The build is to stop: cancelled, the lease lost, or the runner stopping. */
  readonly stop: AbortSignal
  /** The lease is over or the runner stops: nothing more may be reported. */
  readonly gone: AbortSignal
  /** Secrets to keep out of the log. */
  readonly mask: readonly string[]
  /** Repeats a call that the network failed for as long as the lease lives. @throws Fault lease_lost */
  readonly insist: <T>(call: () => Promise<T>) => Promise<T>
}
