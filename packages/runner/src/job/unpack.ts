import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { limitText } from '@norrix/contract/size.policy'
import { Parser } from 'tar'
import type { ReadEntry } from 'tar'
import { UnpackError } from './unpack-names.ts'
import { specialFile, UnpackedTree } from './unpacked-tree.ts'
import type { UnpackLimits } from './unpacked-tree.ts'

/** Generous for a project's sources: 200,000 entries, 1 GiB a file, 4 GiB in all, 200 to 1. */
export const unpackLimits: UnpackLimits = {
  entriesMax: 200_000,
  fileBytesMax: 1024 ** 3,
  totalBytesMax: 4 * 1024 ** 3,
  ratioMax: 200,
}

export interface Unpacked {
  readonly files: number
  readonly bytes: number
}

/**
 * Unpacks an uploaded .tgz into `target`, an empty folder. Files get mode 0644, or 0755 where they were executable;
 * owner, times and every other bit are dropped. Links are made last, when nothing more is written through them.
 * Streams: memory does not grow with the archive but for the names. Throws an `UnpackError` and leaves what was
 * written so far: throw the folder away. Other errors are the disk's.
 */
export async function unpack(
  archive: string,
  target: string,
  limits: UnpackLimits = unpackLimits,
): Promise<Unpacked> {
  if ((await readdir(target)).length > 0) throw new Error('The folder to unpack into is not empty.')
  const stop = new AbortController()
  const tree = new UnpackedTree(target, limits, stop.signal)
  const packed = counter(() => {})
  const unpacked = counter((bytes, chunk) => checkStream(bytes, chunk, packed.bytes, limits))
  const parsed = parse((entry) => tree.add(entry))
  const stages = [packed.stream, createGunzip(), unpacked.stream, parsed.sink]
  try {
    await pipeline([createReadStream(archive), ...stages])
  } catch (error) {
    stop.abort()
    await parsed.written()
    throw asUnpackError(error)
  }
  await tree.finish()
  return { files: tree.files, bytes: tree.bytes }
}

interface Counter {
  readonly stream: Transform
  readonly bytes: () => number
}

function counter(look: (bytes: number, chunk: Buffer) => void): Counter {
  let bytes = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      try {
        look(bytes, chunk)
        done(null, chunk)
      } catch (error) {
        done(asError(error))
      }
    },
  })
  return { stream, bytes: () => bytes }
}

function checkStream(
  bytes: number,
  chunk: Buffer,
  packed: () => number,
  limits: UnpackLimits,
): void {
  // The tar library would decompress once more by itself, beyond the reach of these limits.
  if (bytes === chunk.length && /^(?:1f8b|28b52ffd)/.test(chunk.toString('hex', 0, 4))) {
    throw new UnpackError('not_an_archive', 'The archive is compressed twice.')
  }
  if (bytes > limits.totalBytesMax) {
    throw new UnpackError(
      'total_too_large',
      `The archive unpacks to more than ${limitText(limits.totalBytesMax)}.`,
    )
  }
  if (bytes > 16 * 1024 ** 2 && bytes > packed() * limits.ratioMax) {
    throw new UnpackError(
      'ratio_too_high',
      `The archive unpacks to more than ${limits.ratioMax} times its size.`,
    )
  }
}

interface Parsed {
  readonly sink: Writable
  /** Resolves when no entry is being written any more, whether well or not. */
  readonly written: () => Promise<void>
}

/** The tar library's parser as a stream that takes no more while an entry is being written. */
function parse(onEntry: (entry: ReadEntry) => Promise<void>): Parsed {
  let failed: Error | undefined
  const fail = (error: unknown): void => {
    failed ??= asError(error)
    sink.destroy(failed)
  }
  const parser = new Parser({ strict: true, maxMetaEntrySize: 65_536 })
  let work: Promise<void> = Promise.resolve()
  parser.on('entry', (entry: ReadEntry) => {
    const task = onEntry(entry).catch((error: unknown) => {
      fail(error)
      entry.resume()
    })
    work = work.then(() => task)
  })
  // Kinds of entry that the library passes over without a word.
  parser.on('ignoredEntry', (entry: ReadEntry) => fail(specialFile(entry)))
  parser.on('error', fail)
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (parser.write(chunk)) return done(failed)
      parser.once('drain', () => done(failed))
    },
    final(done) {
      parser.once('end', () => void work.then(() => done(failed)))
      parser.end()
    },
  })
  return { sink, written: () => work }
}

/** What zlib and the tar library say of broken bytes; everything else passes. */
function asUnpackError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const tarCode = error instanceof Error && 'tarCode' in error ? String(error.tarCode) : ''
  if (error instanceof UnpackError || !/^(?:Z_|TAR_)/.test(tarCode || code)) return error
  return new UnpackError('not_an_archive', 'The archive is broken or is not a gzipped tar.')
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
