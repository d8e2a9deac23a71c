import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Fault } from '@norrix/contract/fault'
import { resolveAll } from './config/resolve.ts'
import type { EnvironmentConfig } from './config/types.ts'
import { configShape } from './config.shapes.ts'

export { defaultLimits } from './config/resolve.ts'
export type { EnvironmentConfig, Limits, RunnerConfig } from './config/types.ts'

export interface ConfigSources {
  /** The variables of the process. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where relative names start when there is no file: the clone, or the folder the server was started in. */
  readonly folder: string
  /** Where data lies by default. */
  readonly defaultData: string
}

/**
 * Reads the configuration in two steps (ruling 27): the form of everything, with every fault at once; then files and defaults,
 * again with every fault at once.
 *
 * @throws Fault config_file
 */
export function readConfig(sources: ConfigSources): readonly EnvironmentConfig[] {
  const named = sources.env['NORRIX_SERVER_CONFIG']
  const path = resolve(sources.folder, named || 'norrix-server.json')
  const raw = readJson(path, named !== undefined && named !== '')
  const faults: string[] = []
  const withVariables = applyVariables(
    raw ?? { environments: { prod: {}, dev: {} } },
    sources.env,
    faults,
  )
  const parsed = configShape.safeParse(withVariables)
  for (const issue of parsed.error?.issues ?? []) {
    faults.push(`${issue.path.join('.') || 'the file'}: ${issue.message}`)
  }
  if (!parsed.success || faults.length > 0) throw configFault(path, faults)
  const resolved = resolveAll(parsed.data, {
    folder: dirname(path),
    defaultData: sources.defaultData,
    path: sources.env['PATH'] ?? '',
    faults,
  })
  if (faults.length > 0) throw configFault(path, faults)
  return resolved
}

function readJson(path: string, required: boolean): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if (!required && cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')
      return undefined
    throw configFault(path, ['cannot be read'], cause)
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw configFault(path, [`is not JSON: ${cause instanceof Error ? cause.message : ''}`], cause)
  }
}

function configFault(path: string, faults: readonly string[], cause?: unknown): Fault {
  return new Fault('config_file', {
    message: `The server configuration is not right:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    fix: `mend ${path} or the NORRIX_PROD_… and NORRIX_DEV_… variables`,
    details: { path, faults },
    cause,
  })
}

/** `NORRIX_PROD_PORT` and its like, each over one field of the file. */
export const variables: Readonly<Record<string, (value: string) => Record<string, unknown>>> = {
  PORT: (value) => ({ listen: { port: /^\d+$/.test(value) ? Number(value) : value } }),
  HOST: (value) => ({ listen: { host: value } }),
  PUBLIC_URL: (value) => ({ publicUrl: value }),
  DATA: (value) => ({ data: value }),
  NAME: (value) => ({ name: value }),
  SIGN_UP: (value) => ({ signUp: value }),
  DATABASE_URL: (value) => ({ database: { kind: 'postgres', url: value } }),
  DATABASE_URL_FILE: (value) => ({ database: { kind: 'postgres', urlFile: value } }),
  DATABASE_PASSWORD_FILE: (value) => ({ database: { passwordFile: value } }),
  SECRETS: (value) => ({ secrets: { folder: value } }),
  BLOBS: (value) => ({ blobs: { kind: 'folder', folder: value } }),
}

function applyVariables(raw: unknown, env: ConfigSources['env'], faults: string[]): unknown {
  if (!isObject(raw) || !isObject(raw['environments'])) return raw
  const environments: Record<string, unknown> = { ...raw['environments'] }
  for (const [name, value] of Object.entries(env)) {
    const match = /^NORRIX_(PROD|DEV)_(\w+)$/.exec(name)
    if (!match?.[1] || !match[2] || !value) continue
    const kind = match[1].toLowerCase()
    const override = variables[match[2]]
    if (!override) faults.push(`${name}: there is no such variable`)
    else environments[kind] = merge(environments[kind] ?? {}, override(value))
  }
  return { ...raw, environments }
}

function merge(base: unknown, over: Record<string, unknown>): unknown {
  if (!isObject(base)) return base
  const merged: Record<string, unknown> = { ...base }
  for (const [name, value] of Object.entries(over)) {
    merged[name] = isObject(value) && isObject(merged[name]) ? merge(merged[name], value) : value
  }
  return merged
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
