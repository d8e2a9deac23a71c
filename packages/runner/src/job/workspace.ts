import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, readlink, realpath, rm } from 'node:fs/promises'
import path from 'node:path'
import { isWithin } from '../isolation/private-view.ts'

/** The folders of one build. All are empty at first, and absolute without symbolic links. */
export interface Workspace {
  /** Mode 0700; what `Isolation` calls the workspace. */
  readonly folder: string
  /** Where the project is unpacked and the command starts. */
  readonly source: string
  readonly home: string
  readonly temp: string
}

/**
 * Makes a fresh workspace in `root`, which belongs to one runner alone and is made when missing (0700). `name` is part
 * of the folder's name, for people who look: letters, digits, `_` and `-` are kept.
 */
export async function createWorkspace(root: string, name: string): Promise<Workspace> {
  await mkdir(root, { recursive: true, mode: 0o700 })
  const plain = name.replaceAll(/[^\w-]/g, '').slice(0, 60)
  const folder = path.join(await realpath(root), `${plain}.${randomBytes(4).toString('hex')}`)
  const [source, home, temp] = ['source', 'home', 'tmp'].map((part) => path.join(folder, part))
  if (!source || !home || !temp) throw new Error('A workspace has three folders.')
  await mkdir(folder, { mode: 0o700 })
  for (const part of [source, home, temp]) await mkdir(part, { mode: 0o700 })
  return { folder, source, home, temp }
}

/**
 * Removes a workspace with all that a build left in it: read-only folders, immutable bits of the mode, files
 * of the build's user. Symbolic links are removed, never followed. Gone already is no error.
 */
export async function removeWorkspace(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(async () => {
    await openFolders(folder)
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  })
}

/** Gives the owner of each folder below the right to empty it. Root needs no such right. */
async function openFolders(folder: string): Promise<void> {
  await chmod(folder, 0o700)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await openFolders(path.join(folder, entry.name))
  }
}

/** What a sweep found. */
export interface Swept {
  readonly processes: number
  readonly workspaces: number
}

/**
 * Ends what an earlier run of this runner left in `root`: first the processes, then the folders. To be called before
 * the first workspace is made, by the one runner that owns `root`. Processes are found where there is a /proc, by
 * their working directory or by the HOME or TMPDIR that they were started with.
 */
export async function sweepWorkspaces(root: string): Promise<Swept> {
  const folder = await realpath(root).catch(() => undefined)
  if (folder === undefined) return { processes: 0, workspaces: 0 }
  const processes = await endProcessesOf(folder)
  const names = await readdir(folder)
  for (const name of names) await removeWorkspace(path.join(folder, name))
  return { processes, workspaces: names.length }
}

async function endProcessesOf(folder: string): Promise<number> {
  const names = await readdir('/proc').catch(() => [])
  const pids = names.filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  let ended = 0
  for (const pid of pids) if ((await belongsTo(pid, folder)) && end(Number(pid))) ended++
  return ended
}

async function belongsTo(pid: string, folder: string): Promise<boolean> {
  // Neither can be read of a process that is gone or another user's: then it is none of ours.
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
  if (path.isAbsolute(cwd) && isWithin(cwd, folder)) return true
  const environ = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
  const places = environ
    .split('\0')
    .flatMap((line) => /^(?:HOME|TMPDIR)=(\/.*)$/s.exec(line)?.[1] ?? [])
  return places.some((place) => isWithin(place, folder))
}

function end(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL')
    return true
  } catch {
    return false
  }
}
