import { setTimeout as sleep } from 'node:timers/promises'
import { isFinal } from '@norrix/contract/builds.policy'
import { readAgreement } from './agreement.ts'
import type { Flow } from './flows.ts'
import { Stage } from './stage.ts'
import { watchSteps } from './steps.ts'

/** What came of killing one flow's victim again and again. */
export interface Kills {
  readonly flow: string
  /** The steps at which it can be killed, as the undisturbed run had them. */
  readonly steps: readonly string[]
  /** How often it was tried, and how often the victim died of it. */
  readonly tries: number
  readonly deaths: number
  readonly problems: readonly string[]
  /** How the builds ended, once a healthy runner had done what was left. */
  readonly builds: Readonly<Record<string, number>>
  /** Blobs that no row names, after all of it. */
  readonly orphans: number
}

/** When to kill: at a step, or so many milliseconds after the beginning. */
export type Moment = { readonly step: number } | { readonly ms: number }

/**
 * Counts a flow's steps in an undisturbed run, then kills its victim at each of the moments, every time on the data that the
 * earlier kills left behind.
 *
 * @param choose the moments, given how many steps there are and how long it takes
 */
export async function killAtEach(
  flow: Flow,
  choose: (steps: number, ms: number) => readonly Moment[],
): Promise<Kills> {
  const stage = await Stage.open()
  const problems: string[] = []
  let deaths = 0
  try {
    const begin = performance.now()
    const calm = await playOnce(stage, flow, undefined)
    problems.push(...calm.problems)
    const moments = choose(calm.steps.length, performance.now() - begin)
    for (const moment of moments) {
      const played = await playOnce(stage, flow, moment)
      if (played.isDead) deaths += 1
      const at = 'step' in moment ? (calm.steps[moment.step - 1] ?? moment.step) : `${moment.ms} ms`
      problems.push(...played.problems.map((problem) => `killed at ${at}: ${problem}`))
    }
    const ends = await stage.drain()
    for (const [id, state] of ends)
      if (!isFinal(state)) problems.push(`${id} never ended: ${state}`)
    problems.push(...(await stage.problems()))
    const { orphans } = readAgreement(stage.house.data)
    const { title, victim } = flow
    const builds: Record<string, number> = {}
    for (const state of ends.values()) builds[state] = (builds[state] ?? 0) + 1
    return {
      flow: `${title}, ${victim} killed`,
      steps: calm.steps,
      tries: moments.length,
      deaths,
      problems,
      builds,
      orphans,
    }
  } finally {
    await stage.close()
  }
}

async function playOnce(stage: Stage, flow: Flow, moment: Moment | undefined) {
  const killAt = moment && 'step' in moment ? moment.step : undefined
  const isServer = flow.victim === 'server'
  // Fresh for each: the steps are counted from the same place.
  if (isServer) await stage.house.restart({ killAt })
  const steps = watchSteps(isServer ? {} : { killAt, fromStart: true })
  const prepared = await flow.prepare(stage)
  if (isServer) await stage.house.arm()
  const late = moment && 'ms' in moment ? moment.ms : undefined
  const killing = late === undefined ? undefined : sleep(late).then(() => stage.house.kill())
  // What fails because its server is dead was not acknowledged; what has to hold is looked at afterwards.
  await prepared.act(isServer ? { ...steps, env: {} } : steps).catch(() => {})
  await killing
  const reached = isServer ? stage.house.reached : steps.reached()
  const isDead = late !== undefined || reached.length === killAt
  if (isServer && isDead) await stage.house.restart()
  const problems = [...(await prepared.after()), ...(await stage.problems())]
  steps.remove()
  return { steps: reached, isDead, problems }
}
