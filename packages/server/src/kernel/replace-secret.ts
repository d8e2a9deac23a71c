import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Replaces a secret of the data folder: whoever reads it gets the old one or the new one, and the new one is durable. */
export function replaceSecret(folder: string, name: string, bytes: Uint8Array): void {
  const draft = join(folder, `${name}.${randomBytes(6).toString('hex')}`)
  const handle = openSync(draft, 'wx', 0o600)
  try {
    writeSync(handle, bytes)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  try {
    renameSync(draft, join(folder, name))
  } finally {
    rmSync(draft, { force: true })
  }
  if (process.platform === 'win32') return
  const listing = openSync(folder, 'r')
  try {
    fsyncSync(listing)
  } finally {
    closeSync(listing)
  }
}
