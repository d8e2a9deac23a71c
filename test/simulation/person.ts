import { createHash } from 'node:crypto'
import { builds } from '@norrix/contract/builds.operations'
import { createClient } from '@norrix/contract/client'
import { runners } from '@norrix/contract/runners.operations'
import type { Chance } from './chance.ts'
import { orgId, publicUrl } from './server.ts'
import { streamOf } from './wire.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

/** What a person at a computer does. Each act is tried until it is answered. */
export interface Person {
  /** Queues a build; resolves with its id when that is acknowledged. A try that was not may have queued one too. */
  queueBuild(): Promise<string>
  cancel(buildId: string): Promise<void>
  removeRunner(runnerId: string): Promise<void>
  readonly process: Process
}

const client = createClient({
  baseUrl: publicUrl,
  headers: () => ({ Authorization: 'DPoP anas' }),
})

export function personIn(world: World, chance: Chance): Person {
  const process = world.start('ana', () => {})
  return {
    process,
    queueBuild: () =>
      insist(async () => {
        const bytes = Buffer.from(chance.bytes(50))
        const sha256 = createHash('sha256').update(bytes).digest('hex')
        const source = await client.upload(builds.uploadSource, {
          params: { orgId },
          query: { sha256, files: 1 },
          bytes: { open: () => streamOf(bytes), sizeBytes: bytes.length },
        })
        const { id } = await client.call(builds.create, {
          params: { orgId },
          body: {
            platform: 'android',
            buildType: 'release',
            project: { name: 'hello', version: '1.0.0', buildNumber: 1, bundleId: null },
            plan: { backend: 'command', command: 'make', artifacts: ['out/*'] },
            sourceId: source.id,
            waitForRunner: true,
          },
        })
        return id
      }),
    cancel: (buildId) =>
      insist(async () => void (await client.call(builds.cancel, { params: { orgId, buildId } }))),
    removeRunner: (runnerId) =>
      insist(() => client.call(runners.remove, { params: { orgId, runnerId } })),
  }

  async function insist<T>(act: () => Promise<T>): Promise<T> {
    for (let pauseMs = 500; ; pauseMs = Math.min(pauseMs * 2, 5000)) {
      try {
        return await act()
      } catch (error) {
        // A removal that is repeated finds nothing any more.
        if (error instanceof Error && 'code' in error && error.code === 'not_found')
          return undefined as T // as: only a removal's answer
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }
  }
}
