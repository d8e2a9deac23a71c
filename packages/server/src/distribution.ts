import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CliPackage } from './features/service/index.ts'

/** What `npm run build` made: the dashboard's files and the packed command line. */
export interface Distribution {
  readonly dashboard: string
  readonly cli: CliPackage | undefined
}

export function readDistribution(folder: string): Distribution {
  const file = join(folder, 'norrix-cli.tgz')
  return { dashboard: join(folder, 'dashboard'), cli: existsSync(file) ? readCli(file) : undefined }
}

function readCli(file: string): CliPackage {
  const bytes = readFileSync(file)
  const digest = createHash('sha512').update(bytes).digest('base64')
  return { file, sizeBytes: bytes.length, integrity: `sha512-${digest}` }
}
