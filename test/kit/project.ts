import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface TemporaryProject {
  readonly path: string
  remove(): void
}

/** A folder with these files, by their path. */
export function temporaryProject(files: Readonly<Record<string, string>>): TemporaryProject {
  const path = mkdtempSync(join(tmpdir(), 'norrix-project-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), text)
  }
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A project whose build, on any platform, is one shell command. */
export function commandProject(command: string, artifacts: readonly string[]): TemporaryProject {
  const plan = { command, artifacts }
  return temporaryProject({
    'norrix.config.json': JSON.stringify({
      name: 'hello',
      version: '1.2.0',
      buildNumber: 7,
      android: plan,
      ios: plan,
    }),
    'README.txt': 'What is built here is made by the command.\n',
  })
}
