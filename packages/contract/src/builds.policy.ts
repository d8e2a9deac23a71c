/** The life of a build. Pure: server, runner, CLI and dashboard read the same table. */

export const platforms = ['ios', 'android', 'visionos'] as const
export type Platform = (typeof platforms)[number]

export const buildTypes = ['debug', 'release'] as const
export type BuildType = (typeof buildTypes)[number]

export const buildStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
export type BuildState = (typeof buildStates)[number]

/** How a build can end. */
export const buildOutcomes = ['succeeded', 'failed', 'cancelled'] as const
export type BuildOutcome = (typeof buildOutcomes)[number]

const next: Readonly<Record<BuildState, readonly BuildState[]>> = {
  // A lost runner's build goes back to the queue when its lease has run out.
  queued: ['running', 'cancelled', 'failed'],
  running: ['queued', 'succeeded', 'failed', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
}

export function mayBecome(from: BuildState, to: BuildState): boolean {
  return next[from].includes(to)
}

export function isPlatform(text: string): text is Platform {
  return platforms.some((platform) => platform === text)
}

export function isFinal(state: BuildState): boolean {
  return next[state].length === 0
}
