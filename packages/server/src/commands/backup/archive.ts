import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { Header } from 'tar'
import { syncFolder } from '../../kernel/sync-folder.ts'

/**
 * One tar file (POSIX ustar), so that a stranger can look inside with what every system has. Written front to back and hashed on
 * the way: nothing is copied twice. It has its name only once it is whole and durable.
 */
export interface ArchiveWriter {
  /** @throws Error when other than `sizeBytes` come */
  add(path: string, bytes: Readable | Buffer, sizeBytes: number): Promise<ArchivedFile>
  /** Gives it its name. */
  finish(target: string): Promise<void>
  /** Closes it unfinished; whoever made the draft's folder removes it. */
  abandon(): Promise<void>
}

export interface ArchivedFile {
  readonly path: string
  readonly sizeBytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

const blockBytes = 512

/** @param madeAt stands on every file in it */
export async function createArchive(draft: string, madeAt: Date): Promise<ArchiveWriter> {
  const file = await open(draft, 'wx', 0o600)
  return {
    add: (path, bytes, sizeBytes) => addFile(file, { path, bytes, sizeBytes, madeAt }),
    async finish(target) {
      // Two empty blocks end a tar file.
      await file.appendFile(Buffer.alloc(2 * blockBytes))
      await file.sync()
      await file.close()
      await rename(draft, target)
      await syncFolder(dirname(target))
    },
    abandon: () => file.close().catch(() => undefined),
  }
}

async function addFile(
  file: FileHandle,
  {
    path,
    bytes,
    sizeBytes,
    madeAt,
  }: { path: string; bytes: Readable | Buffer; sizeBytes: number; madeAt: Date },
): Promise<ArchivedFile> {
  const header = new Header({ path, mode: 0o600, size: sizeBytes, type: 'File', mtime: madeAt })
  if (header.encode() || !header.block) throw new Error(`No tar header can hold the name ${path}.`)
  await file.appendFile(header.block)
  const hash = createHash('sha256')
  let written = 0
  const chunks: AsyncIterable<Buffer> = Buffer.isBuffer(bytes) ? Readable.from([bytes]) : bytes
  for await (const chunk of chunks) {
    written += chunk.length
    hash.update(chunk)
    await file.appendFile(chunk)
  }
  if (written !== sizeBytes) throw new Error(`${path} changed while it was read.`)
  await file.appendFile(Buffer.alloc(padding(sizeBytes)))
  return { path, sizeBytes, sha256: hash.digest('hex') }
}

export interface Archive {
  /** Where each file's bytes are. */
  readonly files: ReadonlyMap<string, { readonly offset: number; readonly sizeBytes: number }>
  /** @throws Error when there is no such file in it */
  read(path: string): Readable
}

/** Reads the table of an archive. A file that is no archive, or was cut, has fewer files in it than were written. */
export async function openArchive(name: string): Promise<Archive> {
  const files = new Map<string, { offset: number; sizeBytes: number }>()
  const file = await open(name, 'r')
  try {
    const { size } = await file.stat()
    for (let at = 0; at + blockBytes <= size;) {
      const block = Buffer.alloc(blockBytes)
      await file.read(block, 0, blockBytes, at)
      const header = new Header(block)
      const sizeBytes = header.size ?? 0
      if (header.nullBlock || !header.cksumValid || header.path === undefined) break
      const offset = at + blockBytes
      at = offset + sizeBytes + padding(sizeBytes)
      if (at <= size) files.set(header.path, { offset, sizeBytes })
    }
  } finally {
    await file.close()
  }
  return {
    files,
    read(path) {
      const found = files.get(path)
      if (!found) throw new Error(`There is no ${path} in ${name}.`)
      const { offset, sizeBytes } = found
      if (sizeBytes === 0) return Readable.from([])
      return createReadStream(name, { start: offset, end: offset + sizeBytes - 1 })
    },
  }
}

export async function digestOf(bytes: Readable): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of bytes as AsyncIterable<Buffer>) hash.update(chunk)
  return hash.digest('hex')
}

export async function textOf(bytes: Readable): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of bytes as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function padding(sizeBytes: number): number {
  return (blockBytes - (sizeBytes % blockBytes)) % blockBytes
}
