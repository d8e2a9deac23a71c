import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { Fault } from '@norrix/contract/fault'
import type { Blobs, StoredBlob } from '@norrix/server/kernel/blobs/blobs'

/** A store in memory that outlives the processes that use it. It holds to the conformance of every store (simulation.test.ts). */
export class MemoryBlobs implements Blobs {
  readonly #kept = new Map<string, Buffer>()
  #count = 0

  async put(
    bytes: Readable,
    { maxBytes, sha256 }: { readonly maxBytes: number; readonly sha256?: string | undefined },
  ): Promise<StoredBlob> {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    const arriving: AsyncIterable<Buffer> = bytes.iterator({ destroyOnReturn: false })
    for await (const chunk of arriving) {
      sizeBytes += chunk.length
      if (sizeBytes > maxBytes) throw new Fault('too_large', { message: 'Too much.' })
      chunks.push(chunk)
    }
    const whole = Buffer.concat(chunks)
    const digest = createHash('sha256').update(whole).digest('hex')
    if (sha256 !== undefined && sha256 !== digest) {
      throw new Fault('checksum_mismatch', { message: 'Other bytes arrived.' })
    }
    const key = `blob${this.#count++}`
    this.#kept.set(key, whole)
    return { key, sizeBytes, sha256: digest }
  }

  async open(key: string): Promise<Readable> {
    const bytes = this.#kept.get(key)
    if (!bytes) throw new Fault('not_found', { message: 'The stored bytes are gone.' })
    return Readable.from([bytes])
  }

  async remove(key: string): Promise<void> {
    this.#kept.delete(key)
  }

  get keys(): ReadonlySet<string> {
    return new Set(this.#kept.keys())
  }
}
