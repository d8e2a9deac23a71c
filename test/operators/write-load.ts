import { createHash, randomBytes } from 'node:crypto'
import { leases } from '@norrix/contract/leases.operations'
import { runners } from '@norrix/contract/runners.operations'
import type { Client } from '@norrix/contract/client'
import type { NorrixServer } from '@norrix/server/server'
import { bearer, makeKey, type Person } from '../kit/people.ts'
import { queueBuild } from '../kit/queue-build.ts'

/** What was acknowledged, and when. */
export interface Written {
  readonly keys: { readonly secret: string; readonly at: number }[]
  readonly artifacts: {
    readonly buildId: string
    readonly artifactId: string
    readonly bytes: Buffer
    readonly at: number
  }[]
}

/** Makes keys, queues builds, runs them and uploads artifacts, until it is stopped. Some runners vanish, and their artifacts with them. */
export function startWriting(
  server: NorrixServer,
  person: Person,
): { readonly written: Written; stop(): Promise<void> } {
  const written: Written = { keys: [], artifacts: [] }
  let isStopped = false
  const until = async (work: () => Promise<void>): Promise<void> => {
    while (!isStopped) await work()
  }
  const loops = [
    until(async () => {
      const { secret } = await makeKey(person)
      written.keys.push({ secret, at: Date.now() })
    }),
    until(() => build(server, person, written)),
    until(() => vanish(server, person)),
  ]
  return {
    written,
    async stop() {
      isStopped = true
      await Promise.all(loops)
    },
  }
}

async function build(server: NorrixServer, person: Person, written: Written): Promise<void> {
  const { lease, remove } = await lent(server, person)
  const bytes = randomBytes(100_000)
  const artifact = await upload(lease.client, lease.id, 'app.apk', bytes)
  await lease.client.call(leases.finish, {
    params: { leaseId: lease.id },
    body: { outcome: 'succeeded', exitCode: 0, failure: null },
  })
  written.artifacts.push({ buildId: lease.buildId, artifactId: artifact.id, bytes, at: Date.now() })
  await remove()
}

/** A runner that is removed with a build in hand: the sweeper takes its artifacts away again. */
async function vanish(server: NorrixServer, person: Person): Promise<void> {
  const { lease, remove } = await lent(server, person)
  for (const name of ['a', 'b', 'c', 'd']) {
    await upload(lease.client, lease.id, name, randomBytes(50_000))
  }
  await remove()
}

async function lent(server: NorrixServer, { client, orgId }: Person) {
  const params = { orgId }
  const { runner, token } = await client.call(runners.create, { params, body: { name: 'load' } })
  const machine = bearer(server.url, token)
  const able = { os: 'debian', version: '1', platforms: ['android' as const] }
  await machine.call(leases.hello, { body: { name: null, ...able, isolation: 'uid' } })
  await queueBuild(client, orgId, { source: randomBytes(20_000), waitForRunner: true })
  const { lease } = await machine.call(leases.take, { body: { waitSeconds: 10 } })
  if (!lease) throw new Error('There was no build to take.')
  return {
    lease: { id: lease.id, buildId: lease.build.id, client: bearer(server.url, lease.token) },
    remove: () =>
      client.call(runners.remove, { params: { ...params, runnerId: runner.id } }).then(() => {}),
  }
}

function upload(client: Client, leaseId: string, name: string, bytes: Buffer) {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return client.upload(leases.uploadArtifact, {
    params: { leaseId },
    query: { name, sha256, contentType: 'application/octet-stream' },
    bytes: { open: () => new Blob([new Uint8Array(bytes)]), sizeBytes: bytes.length },
  })
}
