import { lstat, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ensurePrivateFolder } from './private-file.ts'

const patienceMs = 20_000
/** A refresh is one request; whoever holds the lock this long is gone or hangs. */
const staleMs = 15_000

/**
 * Runs `work` while no other norrix does the same under this path. A lock whose process is gone, or that is older than
 * 15 s, is broken: the work behind it is short.
 *
 * Where the lock cannot be had, on a disk that is only read or a network's that knows no locks, or within 20 s, `work` runs all the
 * same: it has to be right beside another one too, and the lock only spares doing it twice.
 */
export async function aloneIfPossible<T>(path: string, work: () => Promise<T>): Promise<T> {
  const isHeld = await acquire(path).catch(() => false)
  try {
    return await work()
  } finally {
    if (isHeld) await rm(path, { force: true }).catch(() => {})
  }
}

async function acquire(path: string): Promise<boolean> {
  await ensurePrivateFolder(dirname(path))
  const until = Date.now() + patienceMs
  for (;;) {
    if (await tryAcquire(path)) return true
    if (await isStale(path)) await rm(path, { force: true })
    else if (Date.now() > until) return false
    else await pause(25 + Math.random() * 50)
  }
}

async function tryAcquire(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(JSON.stringify({ pid: process.pid, at: Date.now() }))
    await file.close()
    return true
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false
    throw cause
  }
}

async function isStale(path: string): Promise<boolean> {
  const holder = await readFile(path, 'utf8')
    .then(JSON.parse)
    .catch(() => undefined)
  if (typeof holder?.at !== 'number' || typeof holder?.pid !== 'number') {
    // Just made and not yet written, or just removed; or its maker died in between.
    const stats = await lstat(path).catch(() => undefined)
    return stats !== undefined && Date.now() - stats.mtimeMs > staleMs
  }
  return Date.now() - holder.at > staleMs || !isAlive(holder.pid)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    // EPERM: it lives, and is somebody else's.
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM'
  }
}
