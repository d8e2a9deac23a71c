import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient } from '@norrix/contract/client'
import { Fault } from '@norrix/contract/fault'
import { leases } from '@norrix/contract/leases.operations'
import { expect, test } from 'vitest'
import { repeatUntilAnswered } from './repeat.ts'

test('a call that was given up is not tried again, though the lease lives on', async () => {
  const asked: (string | undefined)[] = []
  const [lease, stop] = [new AbortController(), new AbortController()]
  // A server that takes requests and never answers; whoever asked gives up then.
  const silent = createServer((req) => {
    asked.push(req.url)
    stop.abort()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => silent.once('listening', resolve))
  const { port } = silent.address() as AddressInfo // as: it listens on a port
  const client = createClient({ baseUrl: `http://127.0.0.1:${port}` })
  const params = { leaseId: 'lease_1' }
  const fetching = repeatUntilAnswered(
    lease.signal,
    () => {},
    () => client.download(leases.source, { params, signal: stop.signal }),
  )
  await expect(fetching).rejects.toThrow(Fault)
  expect(asked).toHaveLength(1)
  silent.closeAllConnections()
  silent.close()
})
