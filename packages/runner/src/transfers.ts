import { createHash } from 'node:crypto'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Bytes } from '@norrix/contract/client'
import { Fault } from '@norrix/contract/fault'
import { leases } from '@norrix/contract/leases.operations'
import type { QuerySent } from '@norrix/contract/types'
import type { LeaseAtWork } from './work.ts'

/**
 * Fetches the leased build's packed project, again from the start as often as it breaks off or arrives damaged.
 *
 * @param open makes an empty place to write to, for each try
 * @throws Fault lease_lost, or network when `work.stop` aborts
 */
export async function downloadSource(work: LeaseAtWork, open: () => Writable): Promise<void> {
  const params = { leaseId: work.lease.id }
  await work.insist(async () => {
    const { stream } = await work.client.download(leases.source, { params, signal: work.stop })
    const hash = createHash('sha256')
    // @types/node's web streams and the DOM's are the same thing under two names.
    const bytes = Readable.fromWeb(stream as Parameters<typeof Readable.fromWeb>[0])
    bytes.on('data', (chunk: Buffer) => hash.update(chunk))
    await pipeline(bytes, open())
    if (hash.digest('hex') !== work.lease.build.source.sha256) {
      throw new Fault('network', { message: 'The source arrived damaged.' })
    }
  })
}

/** Sends one artifact, as often as it takes. @throws Fault lease_lost, conflict, too_large */
export async function uploadArtifact(
  work: LeaseAtWork,
  query: QuerySent<'leases.uploadArtifact'>,
  bytes: Bytes,
): Promise<void> {
  const params = { leaseId: work.lease.id }
  await work.insist(() => work.client.upload(leases.uploadArtifact, { params, query, bytes }))
}
