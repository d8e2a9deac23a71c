import { createHash } from 'node:crypto'
import { apiKeys } from '@norrix/contract/api-keys.operations'
import { builds } from '@norrix/contract/builds.operations'
import { leases } from '@norrix/contract/leases.operations'
import { runners } from '@norrix/contract/runners.operations'
import { sessions } from '@norrix/contract/sessions.operations'
import type { Lease } from '@norrix/contract/types'
import type { NorrixServer } from '@norrix/server/server'
import { bearer, type Person } from '../kit/people.ts'

/** An id of one thing of each kind, by the name of its path parameter. */
export type Things = Readonly<Record<string, string>>

export interface Furnished {
  readonly things: Things
  readonly runnerToken: string
  readonly leaseToken: string
  /** Of a lease that is over. */
  readonly lostLease: string
}

const bytes = Buffer.from('a packed project, as far as the server looks at it')
const sha256 = createHash('sha256').update(bytes).digest('hex')
const upload = { open: () => new Blob([bytes]), sizeBytes: bytes.length }

/**
 * Gives an organization one of everything: a key, a runner, a build that runs with a log and an artifact, one that waits,
 * and one that is over.
 */
export async function furnish(server: NorrixServer, person: Person): Promise<Furnished> {
  const { client, orgId } = person
  const params = { orgId }
  const { session } = await client.call(sessions.whoami, {})
  const { apiKey } = await client.call(apiKeys.create, {
    params,
    body: { name: 'Swept', scopes: ['build'] },
  })
  const runner = await client.call(runners.create, { params, body: { name: 'mac-mini' } })
  const machine = bearer(server.url, runner.token)
  await machine.call(leases.hello, {
    body: { name: null, os: 'debian', version: '1', platforms: ['android'], isolation: 'uid' },
  })
  const query = { sha256, files: 1 }
  const source = await client.upload(builds.uploadSource, { params, query, bytes: upload })
  const queue = async (): Promise<void> =>
    void (await client.call(builds.create, { params, body: buildOf(source.id) }))
  const take = async (): Promise<Lease> => {
    await queue()
    const { lease } = await machine.call(leases.take, { body: { waitSeconds: 0 } })
    if (!lease) throw new Error('The queued build was not leased.')
    return lease
  }
  const over = await take()
  await bearer(server.url, over.token).call(leases.finish, {
    params: { leaseId: over.id },
    body: { outcome: 'failed', exitCode: 1, failure: null },
  })
  const lease = await take()
  const running = bearer(server.url, lease.token)
  const ofLease = { leaseId: lease.id }
  await running.call(leases.appendLog, { params: ofLease, body: { offset: 0, text: 'hello\n' } })
  const artifact = await running.upload(leases.uploadArtifact, {
    params: ofLease,
    query: { name: 'app.html', sha256, contentType: 'text/html' },
    bytes: upload,
  })
  await queue()
  return {
    things: {
      orgId,
      sessionId: session?.id ?? '',
      keyId: apiKey.id,
      runnerId: runner.runner.id,
      sourceId: source.id,
      buildId: lease.build.id,
      artifactId: artifact.id,
      leaseId: lease.id,
    },
    runnerToken: runner.token,
    leaseToken: lease.token,
    lostLease: over.token,
  }
}

function buildOf(sourceId: string) {
  const project = { name: 'hello', version: '1.0.0', buildNumber: 1, bundleId: null }
  const plan = { backend: 'command' as const, command: 'make', artifacts: ['out/*'] }
  const kind = { platform: 'android' as const, buildType: 'release' as const }
  return { ...kind, project, plan, sourceId }
}
