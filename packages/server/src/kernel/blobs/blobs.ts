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
 *
 * A blob and the row that names it are made durable one after the other. In between the blob is in doubt: should the
 * process end there, the next one of the same server finds it in `inDoubt`, asks the database, and keeps or removes it.
 */
export interface Blobs {
  /**
   * Stores a blob, which is in doubt until it is kept.
   *
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
  /** Puts blobs in doubt: call it before the row that names them is made to go. */
  doubt(keys: readonly string[]): Promise<void>
  /** A row names it: it is in doubt no longer. */
  keep(key: string): Promise<void>
  /** Keys that the process before this one left in doubt. */
  readonly inDoubt: readonly string[]
}
