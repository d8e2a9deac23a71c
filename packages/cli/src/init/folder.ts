import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isObject } from '../home/json-file.ts'

/** A project's folder, read in passing: what is not there, or cannot be read, is empty. */
export interface Folder {
  readonly path: string
  /** Names of files and folders in it, or in one of its folders. */
  names(sub?: string): Promise<readonly string[]>
  text(name: string): Promise<string>
  json(name: string): Promise<Readonly<Record<string, unknown>>>
}

export function folderAt(path: string): Folder {
  const text = (name: string) => readFile(join(path, name), 'utf8').catch(() => '')
  return {
    path,
    text,
    names: (sub = '') => readdir(join(path, sub)).catch(() => []),
    async json(name) {
      try {
        const value: unknown = JSON.parse(await text(name))
        return isObject(value) ? value : {}
      } catch {
        return {}
      }
    },
  }
}

/** The first group of a pattern in a text that somebody wrote by hand; undefined where it says something else. */
export function plainly(text: string, pattern: RegExp): string | undefined {
  return pattern.exec(text)?.[1]
}
