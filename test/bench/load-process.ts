// The load generator's process: takes jobs by message and says what came of each.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { connections, type LoadJob, type LoadResult } from './load.ts'

/** The part of autocannon that is used here; the package brings no types. */
type Autocannon = (options: {
  url: string
  connections: number
  duration: number
  requests: object[]
  setupClient: (client: { setRequests(requests: object[]): void }) => void
}) => Promise<{
  duration: number
  errors: number
  non2xx: number
  requests: { total: number }
  latency: { p50: number; p99: number }
}>

const [folder = ''] = process.argv.slice(2)
const autocannon = createRequire(join(folder, 'package.json'))('autocannon') as Autocannon

async function run({ url, credentials, seconds }: LoadJob): Promise<LoadResult | string> {
  const requests = credentials.map((credential) => ({
    headers: { authorization: `Bearer ${credential}` },
  }))
  let first = 0
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests,
    setupClient: (client) => {
      client.setRequests([...requests.slice(first), ...requests.slice(0, first)])
      first = (first + Math.ceil(requests.length / connections)) % requests.length
    },
  })
  const { errors, non2xx, latency } = result
  if (errors + non2xx > 0) return `${errors} errors, ${non2xx} answers that were not 2xx`
  return {
    requests: result.requests.total,
    seconds: result.duration,
    p50Ms: latency.p50,
    p99Ms: latency.p99,
  }
}

process.on('message', (job: LoadJob) => {
  void run(job).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.(String(error)),
  )
})
process.on('disconnect', () => process.exit())
