import { execFile } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { figure, judged, type Section } from './section.ts'
import { scratchFolder } from './served.ts'
import type { Table } from './table.ts'

const run = promisify(execFile)
const packed = fileURLToPath(new URL('../../dist/norrix-cli.tgz', import.meta.url))

/** The packed command line as npm installs it into an empty folder. It does not depend on the machine's speed. */
export const packageSize: Table = async () => {
  const scratch = scratchFolder()
  try {
    await install(scratch.path)
    return sectionOf(join(scratch.path, 'node_modules'))
  } finally {
    scratch.remove()
  }
}

async function install(folder: string): Promise<void> {
  const npm = process.env['npm_execpath']
  const words = ['install', '--prefix', folder, '--no-audit', '--no-fund', packed]
  const [program, args] = npm ? [process.execPath, [npm, ...words]] : ['npm', words]
  await run(program, args, { cwd: folder })
}

function sectionOf(installed: string): Section {
  const entries = readdirSync(installed, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((each) => join(each.parentPath, each.name))
  const size = (paths: readonly string[]): number =>
    paths.reduce((sum, path) => sum + statSync(path).size, 0) / 1e6
  const packages = files.filter((path) => path.endsWith('/package.json')).length
  const onDisk = size(files)
  return {
    counts: '',
    header: ['', 'installed MB', 'downloaded MB', 'packages', 'files', 'aim'],
    rows: [
      [
        'the packed CLI',
        figure(onDisk, 2),
        figure(size([packed]), 2),
        figure(packages),
        figure(files.length),
        `${judged(onDisk, { atMost: 10, unit: ' MB' })}; ${judged(packages, { atMost: 10 })}`,
      ],
    ],
  }
}
