import type { FileHandle } from 'node:fs/promises'

/** Where the parts of a zip file lie; offsets and sizes in bytes (APPNOTE 4.3). */
export interface ZipDirectory {
  readonly offset: number
  readonly size: number
  /** Of the end record, which reaches to the end of the file. */
  readonly endOffset: number
  readonly names: readonly string[]
}

const endRecordSize = 22
const commentSizeMax = 65_535
/** More than a million entries; a larger one is not read. */
const directorySizeMax = 64 * 1024 ** 2

/** Reads the central directory; undefined for what is no zip, is larger than 4 GiB (zip64), or is broken. */
export async function readZipDirectory(file: FileHandle): Promise<ZipDirectory | undefined> {
  const { size: fileSize } = await file.stat()
  const tailSize = Math.min(fileSize, endRecordSize + commentSizeMax)
  const tail = await readAt(file, fileSize - tailSize, tailSize)
  const end = findEnd(tail)
  if (end === undefined) return undefined
  const size = tail.readUInt32LE(end + 12)
  const offset = tail.readUInt32LE(end + 16)
  const endOffset = fileSize - tailSize + end
  if (offset + size !== endOffset || size > directorySizeMax) return undefined
  return { offset, size, endOffset, names: entryNames(await readAt(file, offset, size)) }
}

/** Reads exactly `size` bytes, or fewer where the file ends. */
export async function readAt(file: FileHandle, offset: number, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size)
  let filled = 0
  while (filled < size) {
    const { bytesRead } = await file.read(bytes, filled, size - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

/** The end record is the last one whose comment reaches exactly to the end of the file. */
function findEnd(tail: Buffer): number | undefined {
  for (let at = tail.length - endRecordSize; at >= 0; at--) {
    const isEnd = tail.readUInt32LE(at) === 0x06054b50
    if (isEnd && at + endRecordSize + tail.readUInt16LE(at + 20) === tail.length) return at
  }
  return undefined
}

function entryNames(directory: Buffer): readonly string[] {
  const names: string[] = []
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === 0x02014b50;) {
    const nameSize = directory.readUInt16LE(at + 28)
    names.push(directory.toString('utf8', at + 46, at + 46 + nameSize))
    at += 46 + nameSize + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
  }
  return names
}
