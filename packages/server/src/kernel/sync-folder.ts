import { open } from 'node:fs/promises'

/** Makes the names in a folder durable: a file's own fsync does not cover the folder that lists it. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders; its file system keeps a journal of names instead.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
