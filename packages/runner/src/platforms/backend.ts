import type { Plan } from '@norrix/contract/types'

/**
 * A way to build a project (product ruling 11). A back-end says whether a project is its kind, and plans the exact
 * command and the patterns of what it makes; the runner runs the plan and knows nothing of frameworks.
 * It reads the project, changes nothing and starts nothing, so it may be asked any number of times.
 */
export interface Backend {
  readonly name: Plan['backend']
  /** One sentence of evidence, or undefined where the project is not of this kind. */
  detect(project: ProjectToBuild): Promise<string | undefined>
  /** Throws a `PlanError` when the project is of this kind but lacks something. */
  plan(project: ProjectToBuild): Promise<Plan>
}

export interface ProjectToBuild {
  /** Absolute path of its top folder. */
  readonly folder: string
  readonly platform: string
  readonly buildType: string
  /** What the project's configuration says for this platform; undefined where it says nothing. */
  readonly configured: ConfiguredPlatform | undefined
}

export interface ConfiguredPlatform {
  readonly command?: string
  readonly artifacts?: readonly string[]
}

/** The project cannot be planned. The message is one sentence of cause, one of remedy. */
export class PlanError extends Error {
  override readonly name = 'PlanError'
}
