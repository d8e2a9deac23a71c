import type { Readable } from 'node:stream'

/** A blob that was stored whole. */
export interface StoredBlob {
  /** Opaque; the store's own. */
  readonly key: string
  readonly sizeBytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

/**
 * Bytes by key. A blob is whole or not there; `put` resolves once it is durable.
 */
export interface Blobs {
  /**
   * @throws Fault too_large when more than `maxBytes` come
   * @throws Fault checksum_mismatch when `sha256` is given and differs; nothing is kept
   */
  put(
    bytes: Readable,
    limits: { readonly maxBytes: number; readonly sha256?: string | undefined },
  ): Promise<StoredBlob>
  /** @throws Fault not_found */
  open(key: string): Promise<Readable>
  /** Removing what is not there is fine. */
  remove(key: string): Promise<void>
}
