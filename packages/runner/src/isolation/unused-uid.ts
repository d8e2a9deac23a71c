import { readdir, readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { IsolationError } from './isolation.ts'

/** Above what adduser and systemd hand out, below 65534 (nobody); 61184 to 65519 is systemd's for services. */
const firstUid = 65_000
const lastUid = 65_499

export interface ClaimedUid {
  readonly uid: number
  give(): Promise<void>
}

/**
 * Claims a user id that no account has, that owns no process and that no other runner of this machine has
 * claimed. The claim is an abstract unix socket: the kernel gives it back whenever this process ends, however
 * it ends. Throws an `IsolationError` when all are taken.
 */
export async function claimUnusedUid(): Promise<ClaimedUid> {
  const taken = new Set([...(await uidsWithAccount()), ...(await uidsWithProcess())])
  for (let uid = firstUid; uid <= lastUid; uid++) {
    if (taken.has(uid)) continue
    const claim = await listen(`\0norrix-build-uid-${uid}`)
    if (claim) return { uid, give: () => close(claim) }
  }
  throw new IsolationError(
    `All user ids from ${firstUid} to ${lastUid} are in use. End some of the builds on this machine.`,
  )
}

async function uidsWithAccount(): Promise<readonly number[]> {
  const text = await readFile('/etc/passwd', 'utf8')
  return text.split('\n').map((line) => Number(line.split(':')[2]))
}

async function uidsWithProcess(): Promise<readonly number[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  // A process may end between the listing and the look at it.
  const found = await Promise.all(names.map((name) => stat(`/proc/${name}`).catch(() => undefined)))
  return found.flatMap((item) => item?.uid ?? [])
}

function listen(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    server.listen(name, () => resolve(server.unref()))
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
