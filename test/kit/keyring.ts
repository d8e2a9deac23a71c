import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A keyring for `norrix`, reached as a desktop's is: by the address of its D-Bus. */
export interface Bus {
  /** For the command's environment. */
  readonly env: { readonly DBUS_SESSION_BUS_ADDRESS: string }
  stop(): Promise<void>
}

/** Whether this machine has gnome-keyring and a D-Bus to run it on (Debian: `gnome-keyring`, `dbus`). */
export function hasKeyring(): boolean {
  return ['gnome-keyring-daemon', 'dbus-run-session'].every(
    (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0,
  )
}

/** GNOME's real keyring, unlocked, with a home and a bus of its own: nothing of whoever runs the tests is touched. */
export async function startKeyring(): Promise<Bus> {
  const folder = mkdtempSync(join(tmpdir(), 'norrix-keyring-'))
  const runtime = join(folder, 'run')
  mkdirSync(runtime, { mode: 0o700 })
  const unlocked = 'printf pass | gnome-keyring-daemon --unlock --components=secrets > /dev/null'
  const child = spawn(
    'dbus-run-session',
    ['--', 'sh', '-c', `${unlocked}; echo "$DBUS_SESSION_BUS_ADDRESS"; exec cat`],
    {
      env: { PATH: process.env['PATH'], HOME: folder, XDG_RUNTIME_DIR: runtime },
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  )
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const address = await new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.stdout.once('data', (data: Buffer) => resolve(data.toString('utf8').trim()))
  })
  return {
    env: { DBUS_SESSION_BUS_ADDRESS: address },
    // `cat` ends with its input, the bus with it, and the keyring with the bus.
    async stop() {
      child.stdin.end()
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A D-Bus that takes every call and never answers: what a locked or broken session looks like. */
export async function startSilentBus(): Promise<Bus & { connections(): number }> {
  const folder = mkdtempSync(join(tmpdir(), 'norrix-bus-'))
  const path = join(folder, 'bus')
  const sockets = new Set<{ destroy(): void }>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return {
    env: { DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` },
    connections: () => sockets.size,
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
