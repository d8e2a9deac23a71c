import type { RequestListener } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { version } from '@norrix/contract/version'
import type { EnvironmentKind } from '@norrix/contract/api-key-format.policy'
import { buildCounts, queueDepths } from './features/builds/index.ts'
import { runnersOnline } from './features/runners/index.ts'
import type { Answered } from './http/listener.ts'
import type { Database } from './kernel/db/database.ts'
import type { Effects } from './kernel/effects.ts'
import { createMetrics, type Metrics } from './kernel/metrics.ts'
import type { Tables } from './schema/index.ts'

/** What a server counts while it serves. Nothing of it is a secret, and none of it is for strangers: who reads it sees how busy you are. */
export interface ServerMetrics {
  readonly answered: (answer: Answered) => void
  readonly leaseLost: () => void
  /** Adds what only the database knows. */
  watch(db: Database<Tables>, effects: Effects): void
  text(): Promise<string>
}

/** Where nobody reads them. */
export const noMetrics: ServerMetrics = {
  answered: () => {},
  leaseLost: () => {},
  watch: () => {},
  text: async () => '',
}

/** Upper bounds in seconds: from a key check to a long poll. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30]

export function serverMetrics(kind: EnvironmentKind): ServerMetrics {
  const metrics = createMetrics()
  metrics.gauge('norrix_info', 'The version that runs.', () => [
    [{ version, environment: kind }, 1],
  ])
  const requests = metrics.histogram(
    'norrix_request_duration_seconds',
    'From the request to the last byte of its answer, by operation and status.',
    { labels: ['operation', 'status'], buckets },
  )
  const faults = metrics.counter(
    'norrix_faults_total',
    'Refusals and failures by code: dead keys and sessions among them.',
    ['code'],
  )
  const lost = metrics.counter('norrix_leases_lost_total', 'Runners that vanished with a build.')
  ofProcess(metrics)
  return {
    answered({ operation, status, seconds, fault }) {
      requests.observe([operation, String(status)], seconds)
      if (fault !== undefined) faults.add([fault])
    },
    leaseLost: () => lost.add(),
    watch(db, { now }) {
      metrics.gauge('norrix_builds', 'Builds by state.', async () =>
        (await buildCounts(db.kysely)).map(({ state, count }) => [{ state }, Number(count)]),
      )
      metrics.gauge('norrix_queue_depth', 'Builds that wait for a runner, by platform.', async () =>
        (await queueDepths(db.kysely)).map(({ lane, count }) => [
          { platform: lane },
          Number(count),
        ]),
      )
      metrics.gauge('norrix_runners_online', 'Runners that are there, by platform.', async () =>
        Object.entries(await runnersOnline(db.kysely, now())).map(([platform, count]) => [
          { platform },
          count,
        ]),
      )
    },
    text: () => metrics.text(),
  }
}

/** Names as every exporter for Prometheus has them, so that common dashboards fit. */
function ofProcess(metrics: Metrics): void {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  const one = (value: number) => [[{}, value] as const]
  metrics.gauge('process_resident_memory_bytes', 'Resident memory.', () =>
    one(process.memoryUsage.rss()),
  )
  metrics.gauge('process_cpu_seconds_total', 'CPU time, user and system.', () => {
    const { user, system } = process.cpuUsage()
    return one((user + system) / 1e6)
  })
  metrics.gauge('process_uptime_seconds', 'Since the start.', () => one(process.uptime()))
  metrics.gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use.', () =>
    one(process.memoryUsage().heapUsed),
  )
  metrics.gauge(
    'nodejs_eventloop_lag_seconds',
    'Lag of the event loop since the last look.',
    () => {
      const at = [50, 99].map(
        (percent) => [{ quantile: `0.${percent}` }, delay.percentile(percent) / 1e9] as const,
      )
      delay.reset()
      return at
    },
  )
}

/** `GET /metrics` and nothing else, on an address of its own that the configuration names. */
export function answerMetrics(metrics: ServerMetrics, { log }: Effects): RequestListener {
  return (req, res) => {
    const path = req.url?.split('?')[0]
    if (path !== '/metrics' || (req.method !== 'GET' && req.method !== 'HEAD')) {
      res.writeHead(404).end()
      return
    }
    metrics.text().then(
      (text) => res.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' }).end(text),
      (cause: unknown) => {
        log.error('metrics.failed', { cause })
        res.writeHead(500).end()
      },
    )
  }
}
