import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { version } from '@norrix/contract/version'
import { rolldown, type Plugin } from 'rolldown'
import { create } from 'tar'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))
/** What every file in the package is dated: the moment that npm itself uses, so that equal sources give equal bytes. */
const packedAt = new Date('1985-10-26T08:15:00.000Z')

/**
 * Packs the command line as an npm package without dependencies: one file for each part that is loaded on its own.
 *
 * @param outDir an absolute folder, emptied first; `package/` in it is what the tarball holds
 * @returns the path of the tarball in `outDir`, and the package's version
 * @throws Error with rolldown's own words when a source does not build
 */
export async function bundleCli(outDir: string): Promise<{ tarball: string; version: string }> {
  const folder = join(outDir, 'package')
  rmSync(outDir, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const packages = await writeProgram(folder)
  for (const name of readdirSync(join(here, 'packed')))
    copyFileSync(join(here, 'packed', name), join(folder, name))
  chmodSync(join(folder, 'norrix.cjs'), 0o755)
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
  writeFileSync(join(folder, 'define-config.d.ts'), configTypes())
  writeFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), licensesOf(packages))
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`)
  const tarball = join(outDir, `norrix-cli-${version}.tgz`)
  await create(
    {
      file: tarball,
      cwd: outDir,
      gzip: { level: 9 },
      portable: true,
      mtime: packedAt,
      noDirRecurse: true,
    },
    // npm reads the manifest first.
    [
      'package.json',
      ...readdirSync(folder)
        .filter((name) => name !== 'package.json')
        .sort(),
    ].map((name) => `package/${name}`),
  )
  return { tarball, version }
}

/** @returns the folders of the packages that went in */
async function writeProgram(folder: string): Promise<ReadonlySet<string>> {
  const bundle = await rolldown({
    cwd: root,
    input: {
      main: join(here, 'src/main.ts'),
      // Run and imported by their paths, in the child process of a project's configuration.
      'config-child': join(here, 'src/project/config-child.ts'),
      'define-config': join(here, 'src/define-config.ts'),
      // A process of its own, beside a keyring that may hang.
      'keyring-child': join(here, 'src/home/keyring/keyring-child.ts'),
    },
    platform: 'node',
    // Native, and found beside the package where a user has put it (decision 21).
    external: ['@napi-rs/keyring'],
    plugins: [withoutChildProcess],
    transform: { target: 'node20.19' },
    treeshake: true,
  })
  try {
    const { output } = await bundle.write({
      dir: folder,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'part-[hash].js',
      minify: { mangle: false, compress: true, codegen: { removeWhitespace: true } },
      comments: false,
      // What every command needs is one file: each more costs every start a read.
      codeSplitting: { groups: [{ name: 'start', test: loadedAtStart }] },
    })
    const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
    return new Set(modules.flatMap((id) => packageFolder(id) ?? []))
  } finally {
    await bundle.close()
  }
}

const loadedAtStart =
  /packages[\\/](?:cli[\\/]src[\\/](?:(?!main|define)[^\\/]+|(?:io|home|needs)[\\/][^\\/]+)|contract[\\/]src[\\/][^\\/]+)\.ts$|node_modules[\\/]commander[\\/]/

/**
 * commander loads `child_process` for commands that are programs of their own; ours are not, and loading it is a twentieth
 * of Node's whole start (measured with the CPU time of `node -e 0`).
 */
const withoutChildProcess: Plugin = {
  name: 'without-child-process',
  resolveId(source, importer) {
    const isCommanders = importer?.includes(`${sep}commander${sep}`) === true
    return isCommanders && source === 'node:child_process' ? '\0no-child-process' : undefined
  },
  load: (id) => (id === '\0no-child-process' ? 'export default {}' : undefined),
}

/** The types of a configuration, out of their one source: its only code is a body of one line. */
function configTypes(): string {
  const source = readFileSync(join(here, 'src/define-config.ts'), 'utf8')
  const types = source.replace(
    /export function (.+?) \{\n {2}return config\n\}/,
    'export declare function $1',
  )
  if (types === source)
    throw new Error('src/define-config.ts has changed its form; mend configTypes in bundle.ts.')
  return types
}

function manifest(): object {
  return {
    name: '@norrix/cli',
    version,
    description: 'The command line of Norrix',
    license: 'MIT',
    type: 'module',
    bin: { norrix: 'norrix.cjs' },
    exports: { '.': { types: './define-config.d.ts', default: './define-config.js' } },
    engines: { node: '>=20.19' },
  }
}

/** Of the packages that were folded in, since their licences ask to be kept with them. */
function licensesOf(folders: ReadonlySet<string>): string {
  return [...folders]
    .sort()
    .map((folder) => {
      const { name, version: packageVersion, license } = readManifest(folder)
      const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one))
      const text =
        file === undefined ? `Licence: ${license}\n` : readFileSync(join(folder, file), 'utf8')
      return `${name} ${packageVersion}\n\n${text.trim()}\n`
    })
    .join(`\n${'-'.repeat(72)}\n\n`)
}

function readManifest(folder: string): { name: string; version: string; license: string } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) // every npm package says these three
}

/** The package that a file belongs to; undefined for our own. */
function packageFolder(id: string): string | undefined {
  const marker = `${sep}node_modules${sep}`
  const at = id.lastIndexOf(marker)
  if (at < 0) return undefined
  const [first = '', second = ''] = id.slice(at + marker.length).split(sep)
  const name = first.startsWith('@') ? join(first, second) : first
  return join(id.slice(0, at), 'node_modules', name)
}
