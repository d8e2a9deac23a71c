import { dirname } from 'node:path'
import { Fault } from '@norrix/contract/fault'
import { closeFolder, moveAside, readPrivate, writePrivate } from './private-file.ts'

/** How one kind of file is understood. */
export interface JsonForm<T> {
  /** Raised when an older norrix could not read the file any more. */
  readonly version: number
  /** @returns undefined for anything that is not one, of this version or of one before it */
  read(value: Readonly<Record<string, unknown>>, version: number): T | undefined
}

/** What this machine has to say about a file besides its content. */
export type Notice = (sentence: string) => void

export interface JsonFileOptions {
  readonly path: string
  /** Called with a sentence when rights of others were taken away. */
  readonly notice: Notice
  readonly now: () => Date
  /** What to do when the file was no good, for the user. */
  readonly recovery: string
}

/**
 * Reads a file of one form. One that is broken is put aside, never overwritten and never taken for empty.
 *
 * @throws Fault home_corrupt, home_unwritable
 */
export async function readJsonFile<T>(
  form: JsonForm<T>,
  options: JsonFileOptions,
): Promise<T | undefined> {
  await closeFolder(dirname(options.path))
  const found = await readPrivate(options.path)
  if (!found) return undefined
  if (found.wasOpen)
    options.notice(`${options.path} was open to others on this machine; it is closed now.`)
  const value = parseObject(found.text)
  const version = value?.['version']
  if (typeof version === 'number' && version > form.version) {
    throw new Fault('home_corrupt', {
      message: `${options.path} was written by a newer norrix than this one.`,
      fix: 'install the newer norrix, or set NORRIX_HOME to another folder',
    })
  }
  const read = value && typeof version === 'number' ? form.read(value, version) : undefined
  if (read !== undefined) return read
  const aside = await moveAside(options.path, options.now())
  throw new Fault('home_corrupt', {
    message: `${options.path} could not be understood. It was put aside as ${aside}.`,
    fix: options.recovery,
  })
}

export async function writeJsonFile(path: string, version: number, value: object): Promise<void> {
  await writePrivate(path, `${JSON.stringify({ version, ...value }, null, 2)}\n`)
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
