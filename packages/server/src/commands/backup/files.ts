import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Writes a new file for this user alone; its bytes are durable, its name once the folder is (`syncFolder`). */
export async function writeDurably(target: string, bytes: AsyncIterable<Buffer>): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 })
  const file = await open(target, 'wx', 0o600)
  try {
    for await (const chunk of bytes) await file.appendFile(chunk)
    await file.sync()
  } finally {
    await file.close()
  }
}
