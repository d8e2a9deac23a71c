import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '@norrix/contract/fault'
import type { NorrixConfig } from '../define-config.ts'
import type { formats } from '../root.ts'

export type Format = (typeof formats)[number]

/** The file as it is written. */
export function configText(config: NorrixConfig, format: Format): string {
  if (format === 'json') return `${JSON.stringify(config, null, 2)}\n`
  return `import { defineConfig } from '@norrix/cli'\n\nexport default defineConfig(${literal(config, '')})\n`
}

/**
 * Puts the file where nothing is, or, told so, in the place of what is there: whole or not at all.
 *
 * @throws Fault file_exists; internal where the folder takes no file
 */
export async function writeConfig(
  {
    folder,
    name,
    replaces,
  }: { readonly folder: string; readonly name: string; readonly replaces: boolean },
  text: string,
): Promise<void> {
  const path = join(folder, name)
  const draft = `${path}.new`
  try {
    if (!replaces) return await writeFile(path, text, { flag: 'wx' })
    await writeFile(draft, text)
    await rename(draft, path)
  } catch (cause) {
    // Whatever was there stays; half a file of ours does not.
    const isOurs = !(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')
    if (isOurs) await rm(replaces ? draft : path, { force: true })
    throw unwritable(name, folder, cause)
  }
}

function unwritable(name: string, folder: string, cause: unknown): Fault {
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  if (reason === 'EEXIST')
    return new Fault('file_exists', {
      message: `${name} has just appeared here.`,
      fix: 'look at it first',
      cause,
    })
  return new Fault('internal', {
    message: `${name} could not be written to ${folder} (${reason}).`,
    fix: 'check the folder and the space on the disk',
    cause,
  })
}

/** A value as JavaScript that people write: names bare, texts in single quotes where that needs no escape. */
function literal(value: unknown, indent: string): string {
  const inner = `${indent}  `
  if (typeof value === 'string')
    return /['\\]|\p{Cc}/u.test(value) ? JSON.stringify(value) : `'${value}'`
  if (Array.isArray(value)) return `[${value.map((one) => literal(one, inner)).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const lines = Object.entries(value).map(
    ([key, one]) => `${inner}${key}: ${literal(one, inner)},\n`,
  )
  return `{\n${lines.join('')}${indent}}`
}
