import { constants } from 'node:fs'
import { access, chmod, copyFile, mkdir, realpath, rename, stat } from 'node:fs/promises'
import path from 'node:path'

/** The Node that builds use: this runner's own. */
export interface NodeForBuilds {
  /** Folder of the binary, first in the build's PATH. */
  readonly folder: string
  /** What of it must stay visible to the build. */
  readonly readable: readonly string[]
}

/**
 * Finds a Node that a build can execute. A clone or a version manager often lies in somebody's home: the private view
 * lays the folder back over the cover, which is enough as long as the build's user may read the file. Where it
 * may not (a clone made under umask 077), the binary is copied, once for each version, to `scratch`.
 */
export async function findNode(
  scratch: string,
  reach: 'everybody' | 'owner',
): Promise<NodeForBuilds> {
  const binary = await realpath(process.execPath)
  if (reach === 'everybody' && !(await everybodyMayRun(binary))) return copyNode(binary, scratch)
  const folder = path.dirname(binary)
  return { folder, readable: [(await installation(folder)) ?? folder] }
}

async function everybodyMayRun(binary: string): Promise<boolean> {
  const [file, folder] = await Promise.all([stat(binary), stat(path.dirname(binary))])
  return (file.mode & 0o005) === 0o005 && (folder.mode & 0o005) === 0o005
}

async function copyNode(binary: string, scratch: string): Promise<NodeForBuilds> {
  const folder = path.join(scratch, `node-${process.version}`)
  const copy = path.join(folder, 'node')
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o755)
  const exists = await access(copy).then(
    () => true,
    () => false,
  )
  if (!exists) {
    const draft = `${copy}.${process.pid}`
    await copyFile(binary, draft, constants.COPYFILE_FICLONE)
    await chmod(draft, 0o755)
    await rename(draft, copy)
  }
  return { folder, readable: [folder] }
}

/** The folder above `bin` where it is an installation of its own, so that the npm beside Node works too. */
async function installation(bin: string): Promise<string | undefined> {
  const prefix = path.dirname(bin)
  if (['/', '/usr', '/usr/local'].includes(prefix)) return undefined
  const npm = path.join(prefix, 'lib', 'node_modules', 'npm')
  return access(npm).then(
    () => prefix,
    () => undefined,
  )
}
