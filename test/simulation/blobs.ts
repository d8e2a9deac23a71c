import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { Fault } from '@norrix/contract/fault'
import type { Blobs, StoredBlob } from '@norrix/server/kernel/blobs/blobs'

/** What outlives the processes that use a store in memory. */
export class MemoryShelf {
  readonly kept = new Map<string, Buffer>()
  readonly #doubts = new Map<string, Set<string>>()
  #count = 0

  /** A number that no other blob has. */
  next(): number {
    return this.#count++
  }

  /** The keys that a server has in doubt. */
  doubtsOf(server: string): Set<string> {
    const doubts = this.#doubts.get(server) ?? new Set()
    this.#doubts.set(server, doubts)
    return doubts
  }
}

/** A store in memory, as one process of a server has it. It holds to the conformance of every store (simulation.test.ts). */
export class MemoryBlobs implements Blobs {
  readonly inDoubt: readonly string[]
  readonly #shelf: MemoryShelf
  readonly #kept: Map<string, Buffer>
  readonly #doubts: Set<string>

  constructor(shelf: MemoryShelf, server = 'server') {
    this.#shelf = shelf
    this.#kept = shelf.kept
    this.#doubts = shelf.doubtsOf(server)
    this.inDoubt = [...this.#doubts]
  }

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
    const key = `blob${this.#shelf.next()}`
    this.#doubts.add(key)
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
    this.#doubts.delete(key)
  }

  async doubt(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#doubts.add(key)
  }

  async keep(key: string): Promise<void> {
    this.#doubts.delete(key)
  }
}
