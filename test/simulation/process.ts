/** One process of the simulated world: a server, a runner, a person's computer. */
export interface Process {
  readonly name: string
  isAlive: boolean
  /** Paused until then: what would happen in it happens afterwards. */
  asleepUntil: number
  /** How far its clock is ahead of the world's, in milliseconds. */
  clockAheadMs: number
  /** Does something as this process. */
  readonly within: <T>(run: () => T) => T
}

/** How requests get from the process that calls `fetch` to a server. */
export type Fetch = (from: Process, address: string, init: RequestInit) => Promise<Response>
