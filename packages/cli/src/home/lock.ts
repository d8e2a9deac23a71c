import { lstat, open, readFile, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '@norrix/contract/fault'
import { ensurePrivateFolder } from './private-file.ts'

const patienceMs = 20_000
/** A refresh is one request; whoever holds the lock this long is gone or hangs. */
const staleMs = 15_000

/**
 * Runs `work` while no other norrix does the same under this path. A lock whose process is gone, or that is older than
 * 15 s, is broken: the work behind it is short.
 *
 * @throws Fault home_unwritable when it cannot be had in 20 s
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await ensurePrivateFolder(dirname(path))
  await acquire(path)
  try {
    return await work()
  } finally {
    await unlink(path).catch(() => {})
  }
}

async function acquire(path: string): Promise<void> {
  const until = Date.now() + patienceMs
  for (;;) {
    if (await tryAcquire(path)) return
    if (await isStale(path)) await unlink(path).catch(() => {})
    else if (Date.now() > until) throw busy(path)
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
    throw new Fault('home_unwritable', {
      message: `${path} cannot be made.`,
      fix: 'give yourself the right to write there, or set NORRIX_HOME to a folder of your own',
      cause,
    })
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

function busy(path: string): Fault {
  return new Fault('home_unwritable', {
    message: `Another norrix holds ${path} and does not let go.`,
    fix: 'wait for it to end, or remove that file',
  })
}
