import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Replaces a secret: whoever reads it gets the old one or the new one, and the new one is durable. */
export function replaceSecret(folder: string, name: string, bytes: Uint8Array): void {
  placeSecret(folder, name, draftSecret(folder, name, bytes))
}

/** Writes what a secret is to become beside it, durably. @returns the draft's file */
export function draftSecret(folder: string, name: string, bytes: Uint8Array): string {
  const draft = join(folder, `${name}.${randomBytes(6).toString('hex')}`)
  const handle = openSync(draft, 'wx', 0o600)
  try {
    writeSync(handle, bytes)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  syncNames(folder)
  return draft
}

/** Makes a draft the secret. */
export function placeSecret(folder: string, name: string, draft: string): void {
  renameSync(draft, join(folder, name))
  syncNames(folder)
}

/** Whether a file of the folder of secrets is the draft of one: a dot and twelve digits behind a name. */
export function isDraft(file: string): boolean {
  return /\.[0-9a-f]{12}$/.test(file)
}

function syncNames(folder: string): void {
  if (process.platform === 'win32') return
  const listing = openSync(folder, 'r')
  try {
    fsyncSync(listing)
  } finally {
    closeSync(listing)
  }
}
