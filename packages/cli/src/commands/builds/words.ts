import type { Artifact, Build, LogEvent } from '@norrix/contract/types'
import { Fault } from '@norrix/contract/fault'
import { sizeText } from '@norrix/contract/size.policy'

/** How builds and their artifacts are written. Pure. */

/** One line of a build's making: what, how, and how long it took in a column of its own. */
export function stepText(step: string, what: string, time = ''): string {
  return `${step.padEnd(11)}${time === '' ? what : `${what.padEnd(49)} ${time}`}`
}

export function artifactText({ name, sizeBytes, sha256, signer, standIn }: Artifact): string {
  const digest = `sha256 ${sha256.slice(0, 4)}…${sha256.slice(-2)}`
  const signed = signer === null ? [] : [`signed by ${signer}`]
  const mark = standIn ? ['made with a test stand-in'] : []
  return [name, sizeText(sizeBytes), digest, ...signed, ...mark].join('  ')
}

export function projectText({ name, version, buildNumber }: Build['project']): string {
  return `${name} ${version} (${buildNumber})`
}

/** From its start to its end, or until now; undefined before it has started. */
export function runTime(build: Build, now: Date): number | undefined {
  if (build.startedAt === null) return undefined
  const end = build.finishedAt === null ? now.getTime() : Date.parse(build.finishedAt)
  return Math.max(0, end - Date.parse(build.startedAt))
}

/** Who queued it, and that the key was revoked since (product ruling 2). */
export function queuerText({ queuedBy }: Build): string {
  const name = queuedBy.kind === 'key' ? `API key "${queuedBy.name}"` : queuedBy.name
  return queuedBy.keyRevoked ? `${name} (key revoked)` : name
}

/** A build's event as a line of JSON says it. */
export function eventDocument(event: LogEvent): object {
  const { type, ...rest } = event
  return { event: type, ...rest }
}

/** @throws Fault usage */
export function checkBuildId(text: string | undefined): string {
  if (text !== undefined && /^build_[0-9A-Za-z]{1,40}$/.test(text)) return text
  throw new Fault('usage', {
    message: `This is not a build's id: ${(text ?? '').slice(0, 60)}`,
    fix: 'ids look like build_6Hq2vT; norrix builds list shows them',
  })
}
