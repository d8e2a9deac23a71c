import { platforms, type Platform } from '@norrix/contract/builds.policy'
import { undisguised } from '@norrix/contract/text.policy'
import type { NorrixConfig, PlatformConfig } from '../define-config.ts'

/**
 * Checks a configuration by hand: the shapes are the server's, and zod is not loaded here. The limits are those of
 * `project` and `plan` in the contract's builds shapes.
 */

/** One thing that is wrong: where, and why. */
export interface ConfigProblem {
  readonly path: string
  readonly reason: string
}

export type CheckedConfig =
  | { readonly ok: true; readonly config: NorrixConfig }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

const buildNumberMax = 2_100_000_000 // Google Play's largest versionCode
const projectKeys = ['name', 'version', 'buildNumber', ...platforms]
const platformKeys = ['bundleId', 'command', 'artifacts']

/** Finds every fault at once. */
export function checkConfig(value: unknown): CheckedConfig {
  const problems: ConfigProblem[] = []
  const add = (path: string, reason: string): void => void problems.push({ path, reason })
  if (!isRecord(value)) {
    add('the file', 'must export an object: export default defineConfig({ … })')
    return { ok: false, problems }
  }
  unknownKeys(value, projectKeys, '', add)
  checkLine(value['name'], 'name', 100, add)
  checkLine(value['version'], 'version', 50, add)
  const { buildNumber } = value
  if (
    !Number.isInteger(buildNumber) ||
    Number(buildNumber) < 0 ||
    Number(buildNumber) > buildNumberMax
  ) {
    add('buildNumber', `must be a whole number from 0 to ${buildNumberMax}`)
  }
  const named = platforms.filter((platform) => value[platform] !== undefined)
  if (named.length === 0) add('the file', `must have at least one of ${platforms.join(', ')}`)
  for (const platform of named) checkPlatform(value[platform], platform, add)
  if (problems.length > 0) return { ok: false, problems }
  // Every part of it was just checked.
  return { ok: true, config: value as unknown as NorrixConfig }
}

/** The platform's part; undefined where the project has none. */
export function platformOf(config: NorrixConfig, platform: Platform): PlatformConfig | undefined {
  return config[platform]
}

type Add = (path: string, reason: string) => void

function checkPlatform(value: unknown, platform: string, add: Add): void {
  if (!isRecord(value)) {
    add(platform, 'must be an object with `command` and `artifacts`')
    return
  }
  unknownKeys(value, platformKeys, `${platform}.`, add)
  if (value['bundleId'] !== undefined)
    checkLine(value['bundleId'], `${platform}.bundleId`, 200, add)
  checkLine(value['command'], `${platform}.command`, 4000, add)
  const { artifacts } = value
  if (!Array.isArray(artifacts) || artifacts.length === 0 || artifacts.length > 20) {
    add(`${platform}.artifacts`, 'must be a list of 1 to 20 patterns')
    return
  }
  artifacts.forEach((pattern: unknown, index) => {
    checkPattern(pattern, `${platform}.artifacts[${index}]`, add)
  })
}

function checkPattern(value: unknown, path: string, add: Add): void {
  if (!checkLine(value, path, 300, add)) return
  const parts = value.split(/[/\\]/)
  if (/^(?:[/\\]|[A-Za-z]:)/.test(value) || parts.includes('..')) {
    add(path, 'must stay in the project: no absolute path and no `..`')
  }
}

function checkLine(value: unknown, path: string, max: number, add: Add): value is string {
  if (typeof value !== 'string' || value.length === 0) add(path, 'must be a text that is not empty')
  else if (value.length > max) add(path, `must have at most ${max} characters`)
  else if (!undisguised.test(value))
    add(path, 'must be one line without characters that control a terminal or turn the text')
  else return true
  return false
}

function unknownKeys(
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
  prefix: string,
  add: Add,
): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) add(`${prefix}${key}`, `is not known; there are ${known.join(', ')}`)
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
