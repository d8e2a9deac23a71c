import {
  buildTypes,
  platforms,
  type BuildType,
  type Platform,
} from '@norrix/contract/builds.policy'
import { Fault } from '@norrix/contract/fault'
import type { BodySent } from '@norrix/contract/types'
import type { NorrixConfig } from '../../define-config.ts'
import { parseDuration } from '../../io/words.ts'
import { textOption, type Call } from '../../needs/call.ts'
import { platformOf } from '../../project/check-config.ts'

/** What was typed after `norrix build`, understood. */
export interface BuildRequest {
  readonly platform: Platform
  readonly buildType: BuildType
  readonly waitForRunner: boolean
  readonly detach: boolean
  /** Undefined: as long as it takes. */
  readonly queueTimeoutMs: number | undefined
}

/** Without a terminal nobody sees that a build waits and waits (product ruling 19). */
const queueTimeoutAloneMs = 10 * 60_000

/** @throws Fault usage */
export function readRequest(call: Call, isInteractive: boolean): BuildRequest {
  const [platform, buildType] = call.words
  const typed = textOption(call, 'queueTimeout')
  const queueTimeoutMs = typed === undefined ? undefined : parseDuration(typed)
  if (typed !== undefined && queueTimeoutMs === undefined) {
    throw new Fault('usage', {
      message: `--queue-timeout is not a length of time: ${typed}`,
      fix: 'write it as 90s, 10m or 2h',
    })
  }
  return {
    platform: oneOf(platforms, platform, 'platform'),
    buildType: oneOf(buildTypes, buildType, 'build type'),
    waitForRunner: call.options['waitForRunner'] === true,
    detach: call.options['detach'] === true,
    queueTimeoutMs: queueTimeoutMs ?? (isInteractive ? undefined : queueTimeoutAloneMs),
  }
}

/** The project and the plan as they travel. @throws Fault config_invalid */
export function planOf(
  config: NorrixConfig,
  platform: Platform,
  configPath: string,
): Pick<BodySent<'builds.create'>, 'project' | 'plan'> {
  const part = platformOf(config, platform)
  if (!part) {
    throw new Fault('config_invalid', {
      message: `${configPath} says nothing about ${platform}.`,
      fix: `add ${platform}: { command: '…', artifacts: ['…'] }`,
    })
  }
  const { name, version, buildNumber } = config
  return {
    project: { name, version, buildNumber, bundleId: part.bundleId ?? null },
    plan: { backend: 'command', command: part.command, artifacts: [...part.artifacts] },
  }
}

function oneOf<T extends string>(known: readonly T[], text: string | undefined, what: string): T {
  const found = known.find((one) => one === text)
  if (found !== undefined) return found
  throw new Fault('usage', {
    message:
      text === undefined ? `The ${what} is missing.` : `There is no ${what} ${text.slice(0, 40)}.`,
    fix: `${what}s are ${known.join(', ')}, as in: norrix build android release`,
  })
}
