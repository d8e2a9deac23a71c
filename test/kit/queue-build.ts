import { createHash } from 'node:crypto'
import { builds } from '@norrix/contract/builds.operations'
import type { Client } from '@norrix/contract/client'
import type { Build } from '@norrix/contract/types'

export interface QueuedBuild {
  /** The packed project: a gzipped tar, where something is going to unpack it. */
  readonly source: Buffer
  readonly name?: string
  readonly command?: string
  readonly artifacts?: string[]
  readonly waitForRunner?: boolean
}

/** Uploads a project and queues an android release build of it. */
export async function queueBuild(
  client: Client,
  orgId: string,
  { source, name = 'hello', command = 'make', artifacts = ['out/*'], waitForRunner }: QueuedBuild,
): Promise<Build> {
  const sha256 = createHash('sha256').update(source).digest('hex')
  const { id: sourceId } = await client.upload(builds.uploadSource, {
    params: { orgId },
    query: { sha256, files: 1 },
    bytes: { open: () => new Blob([new Uint8Array(source)]), sizeBytes: source.length },
  })
  return client.call(builds.create, {
    params: { orgId },
    body: {
      platform: 'android',
      buildType: 'release',
      project: { name, version: '1.0.0', buildNumber: 1, bundleId: null },
      plan: { backend: 'command', command, artifacts },
      sourceId,
      ...(waitForRunner !== undefined && { waitForRunner }),
    },
  })
}
