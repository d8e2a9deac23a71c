import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { builds as operations } from '@norrix/contract/builds.operations'
import type { Client } from '@norrix/contract/client'
import { Fault } from '@norrix/contract/fault'
import { sizeText } from '@norrix/contract/size.policy'
import { ShownFault } from '../../io/fault-text.ts'
import type { PackedProject } from '../../project/pack.ts'

const triesMax = 3

/**
 * Sends a packed project. A broken connection is tried again from the start: the same bytes are the same source.
 *
 * @returns the source's id
 * @throws Fault too_large, checksum_mismatch, network
 */
export async function uploadProject(
  packed: PackedProject,
  to: {
    readonly api: Client
    readonly orgId: string
    readonly signal: AbortSignal
    readonly progress: (sentBytes: number) => void
  },
): Promise<string> {
  const { path, sizeBytes, sha256, contents } = packed
  const query = { sha256, files: contents.files.length }
  for (let tries = 1; ; tries++) {
    try {
      const bytes = { sizeBytes, open: () => counted(path, to.progress) }
      const source = await to.api.upload(operations.uploadSource, {
        params: { orgId: to.orgId },
        query,
        bytes,
        signal: to.signal,
      })
      return source.id
    } catch (error) {
      if (error instanceof Fault && error.code === 'too_large') throw tooLarge(error, sizeBytes)
      const isBroken = error instanceof Fault && error.code === 'network' && !to.signal.aborted
      if (!isBroken || tries >= triesMax) throw error
    }
  }
}

/** The server knows its limit; that it was a project, and what can be done about it, is known here. */
function tooLarge({ message, requestId, details }: Fault, sizeBytes: number): Fault {
  return new ShownFault('too_large', {
    message: `The packed project has ${sizeText(sizeBytes)}, which is more than this server takes.`,
    fix: 'leave out what the build does not need: name it in .norrixignore',
    evidence: [{ label: 'server', text: message }],
    requestId,
    details,
  })
}

function counted(path: string, progress: (sentBytes: number) => void): ReadableStream<Uint8Array> {
  let sent = 0
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      sent += chunk.length
      progress(sent)
      controller.enqueue(chunk)
    },
  })
  // Node's own web stream type and the global one are the same thing under two names.
  const file = Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>
  return file.pipeThrough(count)
}
