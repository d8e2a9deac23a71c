import { platforms, type Platform } from '@norrix/contract/builds.policy'
import { Fault } from '@norrix/contract/fault'
import type { NorrixConfig, PlatformConfig } from '../define-config.ts'
import { ShownFault } from '../io/fault-text.ts'
import { textOption, type Call } from '../needs/call.ts'
import { checkConfig } from '../project/check-config.ts'
import type { Detected } from './kind.ts'

/** A configuration on its way: what was found, then what was typed, then what was answered. */
export type Draft = Omit<Detected, 'kind'>

/** What was typed goes before what was found. @throws Fault usage */
export function draftOf(found: Detected, call: Call): Draft {
  const bundleId = textOption(call, 'bundleId')
  const typed: Draft['platforms'] = {}
  for (const platform of platforms) {
    const part = partOf(platform, found.platforms[platform], call)
    if (part) typed[platform] = bundleId === undefined ? part : { ...part, bundleId }
  }
  return {
    name: textOption(call, 'name') ?? found.name,
    version: textOption(call, 'appVersion') ?? found.version,
    buildNumber: numberOption(call) ?? found.buildNumber,
    platforms: typed,
  }
}

/** @throws Fault usage where nothing says how it is built, and for whatever the configuration may not hold */
export function configOf({ platforms: parts, ...facts }: Draft): NorrixConfig {
  if (Object.keys(parts).length === 0) {
    throw new Fault('usage', {
      message:
        'Nothing in this folder says how it is built: it is no kind of project that norrix knows.',
      fix: "say it: norrix init -n --android-command '…' --android-artifacts 'build/*.apk'",
    })
  }
  const checked = checkConfig({ ...facts, ...parts })
  if (checked.ok) return checked.config
  throw new ShownFault('usage', {
    message: 'That would be no good configuration. Nothing was written.',
    fix: 'say it otherwise; norrix init --help shows the flags',
    evidence: checked.problems.map(({ path, reason }) => ({ label: path, text: reason })),
  })
}

/** What is wrong with one value of a configuration; undefined for nothing. */
export function problemWith(path: string, value: unknown): string | undefined {
  const [first = '', second] = path.split('.')
  const sample = {
    name: 'x',
    version: '1',
    buildNumber: 1,
    android: { command: 'x', artifacts: ['x'] },
  }
  const changed =
    second === undefined
      ? { ...sample, [first]: value }
      : { ...sample, [first]: { command: 'x', artifacts: ['x'], [second]: value } }
  const checked = checkConfig(changed)
  return checked.ok ? undefined : checked.problems[0]?.reason
}

/** Commas part patterns, but not those within braces: `out/*.{apk,aab}`. */
export function patternsOf(text: string): string[] {
  return text
    .split(/,(?![^{]*\})/)
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

function partOf(
  platform: Platform,
  found: PlatformConfig | undefined,
  call: Call,
): PlatformConfig | undefined {
  const command = textOption(call, `${platform}Command`)
  const patterns = textOption(call, `${platform}Artifacts`)
  if (command === undefined && patterns === undefined) return found
  const artifacts = patterns === undefined ? found?.artifacts : patternsOf(patterns)
  const built = command ?? found?.command
  if (built !== undefined && artifacts !== undefined)
    return { ...found, command: built, artifacts: [...artifacts] }
  const [given, missing] = built === undefined ? ['artifacts', 'command'] : ['command', 'artifacts']
  throw new Fault('usage', {
    message: `--${platform}-${given} needs --${platform}-${missing} beside it.`,
    fix: `add --${platform}-${missing}`,
  })
}

function numberOption(call: Call): number | undefined {
  const text = textOption(call, 'buildNumber')
  if (text === undefined) return undefined
  if (/^\d{1,10}$/.test(text)) return Number(text)
  throw new Fault('usage', {
    message: `--build-number is not a whole number: ${text.slice(0, 40)}`,
    fix: 'write it as 7',
  })
}
