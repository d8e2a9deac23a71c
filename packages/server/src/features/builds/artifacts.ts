import { Fault } from '@norrix/contract/fault'
import { newId } from '@norrix/contract/id'
import type { Artifact, Query } from '@norrix/contract/types'
import type { Readable } from 'node:stream'
import type { RequestContext } from '../../http/implement.ts'
import type { LeasePrincipal } from '../../http/principal.ts'
import type { ArtifactsTable } from '../../schema/tables/builds.ts'
import type { Inside } from './deps.ts'
import { heldBuild } from './leases.ts'
import { settleBlobs } from './doubts.ts'
import { toArtifact } from './resource.ts'
import { findArtifact, insertArtifact } from './store.ts'

/**
 * Takes one artifact of the leased build. Names are unique in a build; the same bytes under the same name again get the same
 * answer, so that an upload whose answer was lost can be repeated.
 *
 * @throws Fault too_large, checksum_mismatch
 * @throws Fault lease_lost when the lease ended while the bytes came in: nothing of them is kept
 * @throws Fault conflict when this lease has sent other bytes under that name
 */
export async function uploadArtifact(
  inside: Inside,
  lease: LeasePrincipal,
  upload: Query<'leases.uploadArtifact'> & { readonly bytes: Readable },
  context: Pick<RequestContext, 'confirm'>,
): Promise<Artifact> {
  const { db, blobs, config, bell } = inside
  const { bytes, sha256 } = upload
  const stored = await blobs.put(bytes, { maxBytes: config.limits.artifactBytes, sha256 })
  try {
    await context.confirm()
    const artifact = newArtifact(inside, lease.buildId, upload, stored)
    const kept = await db.transaction(async (tx) => {
      await heldBuild(inside, tx, lease)
      const existing = await findArtifact(tx, artifact)
      if (existing && existing.sha256 !== sha256) throw nameTaken(upload.name)
      if (!existing) await insertArtifact(tx, artifact.row)
      return existing ?? artifact.row
    })
    if (kept.blob === stored.key) await blobs.keep(stored.key)
    else await blobs.remove(stored.key)
    bell.ring(lease.buildId)
    return toArtifact(kept)
  } catch (error) {
    await settleBlobs(inside, [stored.key])
    throw error
  }
}

function newArtifact(
  { effects }: Inside,
  buildId: string,
  upload: Query<'leases.uploadArtifact'>,
  stored: { readonly key: string; readonly sizeBytes: number },
): { buildId: string; name: string; row: ArtifactsTable } {
  const { name, sha256 } = upload
  const row = {
    id: newId('artifact', effects.random),
    build_id: buildId,
    name,
    blob: stored.key,
    size_bytes: stored.sizeBytes,
    sha256,
    content_type: upload.contentType,
    signer: upload.signer ?? null,
    stand_in: upload.standIn === 'true' ? 1 : 0,
    created_at: effects.now(),
  }
  return { buildId, name, row }
}

function nameTaken(name: string): Fault {
  return new Fault('conflict', {
    message: `The build already has other bytes under the name ${name}.`,
    fix: 'give each artifact a file name of its own',
  })
}
