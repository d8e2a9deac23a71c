import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Fault } from '@norrix/contract/fault'
import type { NorrixConfig } from '../define-config.ts'
import { ShownFault } from '../io/fault-text.ts'
import type { Surroundings } from '../io/terminal.ts'
import { checkConfig, type ConfigProblem } from './check-config.ts'

/** A project on this machine. */
export interface ProjectHere {
  /** The folder that the configuration lies in, and that is packed. */
  readonly folder: string
  readonly configPath: string
  readonly config: NorrixConfig
}

export const fileNames = ['norrix.config.ts', 'norrix.config.mjs', 'norrix.config.json']
/** The first Node that runs .ts files without a switch. */
const typescriptFrom = [22, 18]

/**
 * Finds the project of the folder that a command was called in, there or above, and reads its configuration.
 *
 * @throws Fault no_project, config_invalid (every problem at once), config_failed
 */
export async function readProject(
  around: Pick<Surroundings, 'cwd' | 'env' | 'signal' | 'nodeVersion'>,
): Promise<ProjectHere> {
  const configPath = await findConfig(around.cwd)
  const checked = checkConfig(await readConfig(configPath, around))
  if (!checked.ok) throw invalid(configPath, checked.problems)
  return { folder: dirname(configPath), configPath, config: checked.config }
}

async function findConfig(start: string): Promise<string> {
  for (let folder = start; ; folder = dirname(folder)) {
    const found: string[] = []
    for (const name of fileNames) if (await isFile(join(folder, name))) found.push(name)
    const [only, other] = found
    if (other !== undefined) {
      throw new Fault('config_invalid', {
        message: `${folder} has both ${only} and ${other}.`,
        fix: 'keep one of them',
      })
    }
    if (only !== undefined) return join(folder, only)
    if (dirname(folder) === folder) break
  }
  throw new Fault('no_project', {
    message: 'There is no Norrix project here: no norrix.config.ts in this folder or above it.',
    fix: 'go to your project; norrix init writes one for it',
  })
}

async function readConfig(
  path: string,
  around: Pick<Surroundings, 'env' | 'signal' | 'nodeVersion'>,
): Promise<unknown> {
  if (path.endsWith('.json')) return readJson(path)
  if (path.endsWith('.ts') && !runsTypeScript(around.nodeVersion)) {
    throw new Fault('config_failed', {
      message: `${path} needs Node ${typescriptFrom.join('.')} or newer; this is ${around.nodeVersion}.`,
      fix: 'use a newer Node, or rename it to norrix.config.mjs and leave the types out',
    })
  }
  const { evaluateConfig } = await import('./evaluate.ts')
  return evaluateConfig({ path, env: around.env, signal: around.signal })
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8')
  try {
    return JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it cannot be parsed'
    throw new Fault('config_invalid', {
      message: `${path} is not JSON: ${why}.`,
      fix: 'mend the JSON',
      cause,
    })
  }
}

/** @param version such as `20.19.2`, without a v */
export function runsTypeScript(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [fromMajor = 0, fromMinor = 0] = typescriptFrom
  return major > fromMajor || (major === fromMajor && minor >= fromMinor)
}

function invalid(path: string, problems: readonly ConfigProblem[]): Fault {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`
  return new ShownFault('config_invalid', {
    message: `${path} has ${count}.`,
    fix: 'mend the file and try again',
    details: { problems },
    evidence: problems.map(({ path: label, reason }) => ({ label, text: reason })),
  })
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  )
}
