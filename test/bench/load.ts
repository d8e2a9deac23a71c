import { installedTools } from '../../tools/locked-tools.ts'
import { ask, forkBeside } from './child.ts'

export interface LoadJob {
  readonly url: string
  /** Every connection sends these in turn, each beginning at another one. */
  readonly credentials: readonly string[]
  readonly seconds: number
}

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  /** Whole milliseconds. */
  readonly p50Ms: number
  readonly p99Ms: number
}

export const connections = 64

export interface Load {
  /** @throws Error when any request was not answered with 200 */
  run(job: LoadJob): Promise<LoadResult>
  stop(): void
}

/**
 * Starts the load generator in a process of its own, so that its work is not counted as the server's.
 *
 * @throws ToolsMissing
 */
export async function startLoad(): Promise<Load> {
  const child = forkBeside('load-process.ts', [await installedTools('bench')])
  return {
    async run(job) {
      const answer = (await ask(child, job)) as LoadResult | string // by load-process.ts
      if (typeof answer === 'string') throw new Error(`${job.url}: ${answer}`)
      return answer
    },
    stop: () => child.disconnect(),
  }
}
