import { mkdir, open, symlink } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { limitText } from '@norrix/contract/size.policy'
import type { ReadEntry } from 'tar'
import { entryParts, nameKey, showName, staysInside, UnpackError } from './unpack-names.ts'

export interface UnpackLimits {
  /** Files, folders and links together. */
  readonly entriesMax: number
  readonly fileBytesMax: number
  /** Of the whole tar, headers included. */
  readonly totalBytesMax: number
  /** Unpacked over packed bytes, looked at from 16 MiB on: what comes before cannot hurt. */
  readonly ratioMax: number
}

/** What has been unpacked so far; entries come one after the other. */
export class UnpackedTree {
  files = 0
  bytes = 0
  readonly #target: string
  readonly #limits: UnpackLimits
  readonly #stop: AbortSignal
  /** By `nameKey`. A folder may be named again, or first be named by what lies in it. */
  readonly #kinds = new Map<string, 'file' | 'folder' | 'link'>()
  readonly #links = new Map<string, { parts: readonly string[]; to: string }>()

  /** Aborting `stop` gives up the entry that is being written. */
  constructor(target: string, limits: UnpackLimits, stop: AbortSignal) {
    this.#target = target
    this.#limits = limits
    this.#stop = stop
  }

  async add(entry: ReadEntry): Promise<void> {
    const parts = entryParts(entry.path)
    switch (entry.type) {
      case 'Directory':
        await this.#addFolder(parts)
        entry.resume()
        return
      case 'File':
      case 'OldFile':
      case 'ContiguousFile':
        return this.#addFile(parts, entry)
      case 'SymbolicLink':
        await this.#addLink(parts, entry.linkpath ?? '')
        entry.resume()
        return
      case 'Link':
        throw new UnpackError(
          'hard_link',
          `The archive holds a hard link: ${showName(entry.path)}.`,
        )
      default:
        throw specialFile(entry)
    }
  }

  /** Makes the links, now that it is known where each leads. */
  async finish(): Promise<void> {
    if (this.#kinds.size === 0) throw new UnpackError('empty', 'The archive holds nothing.')
    const targets = new Map([...this.#links].map(([key, link]) => [key, link.to]))
    for (const { parts } of this.#links.values()) {
      if (staysInside(parts, targets)) continue
      throw new UnpackError(
        'link_outside',
        `The archive holds a link that leads out of it: ${showName(parts.join('/'))}.`,
      )
    }
    for (const { parts, to } of this.#links.values()) await symlink(to, this.#at(parts))
  }

  async #addFolder(parts: readonly string[]): Promise<void> {
    for (let depth = 1; depth <= parts.length; depth++) {
      const key = nameKey(parts.slice(0, depth))
      const kind = this.#kinds.get(key)
      if (kind === 'folder') continue
      if (kind !== undefined) {
        const shown = showName(parts.join('/'))
        throw new UnpackError(
          'under_a_file',
          `The archive uses a file or a link as a folder: ${shown}.`,
        )
      }
      this.#claim(key, 'folder')
      await mkdir(this.#at(parts.slice(0, depth)), { mode: 0o755 })
    }
  }

  async #addFile(parts: readonly string[], entry: ReadEntry): Promise<void> {
    await this.#addLeaf(parts, 'file')
    if (entry.size > this.#limits.fileBytesMax) {
      const shown = showName(entry.path)
      throw new UnpackError(
        'file_too_large',
        `${shown} is larger than ${limitText(this.#limits.fileBytesMax)}.`,
      )
    }
    this.files++
    this.bytes += entry.size
    // wx: what is there already, by whatever way, is never written through.
    const file = await open(this.#at(parts), 'wx', (entry.mode ?? 0) & 0o111 ? 0o755 : 0o644)
    await pipeline(entry, file.createWriteStream(), { signal: this.#stop })
  }

  async #addLink(parts: readonly string[], to: string): Promise<void> {
    await this.#addLeaf(parts, 'link')
    this.#links.set(nameKey(parts), { parts, to })
  }

  async #addLeaf(parts: readonly string[], kind: 'file' | 'link'): Promise<void> {
    if (parts.length === 0)
      throw new UnpackError('bad_name', 'The archive holds a file without a name.')
    await this.#addFolder(parts.slice(0, -1))
    const key = nameKey(parts)
    if (this.#kinds.has(key)) {
      const shown = showName(parts.join('/'))
      throw new UnpackError(
        'duplicate_name',
        `The archive holds ${shown} twice, or once more in other letters.`,
      )
    }
    this.#claim(key, kind)
  }

  #claim(key: string, kind: 'file' | 'folder' | 'link'): void {
    this.#kinds.set(key, kind)
    if (this.#kinds.size <= this.#limits.entriesMax) return
    throw new UnpackError(
      'too_many_entries',
      `The archive holds more than ${this.#limits.entriesMax} entries.`,
    )
  }

  #at(parts: readonly string[]): string {
    return path.join(this.#target, ...parts)
  }
}

/** The fault for a device, a pipe, and whatever else tar can name. */
export function specialFile(entry: ReadEntry): UnpackError {
  const shown = showName(entry.path)
  return new UnpackError(
    'special_file',
    `The archive holds ${shown}, which is no file, folder or link (${entry.type}).`,
  )
}
