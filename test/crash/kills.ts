import { setTimeout as sleep } from 'node:timers/promises'
import { isFinal } from '@norrix/contract/builds.policy'
import { readAgreement } from './agreement.ts'
import type { Flow } from './flows.ts'
import { Stage } from './stage.ts'
import { timeIsUp, watchSteps } from './steps.ts'

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
  const shared = flow.isUnclaimed ? undefined : await Stage.open()
  const play = async (moment?: Moment): Promise<Played> => {
    const stage = shared ?? (await Stage.unclaimed())
    try {
      return await playOnce(stage, flow, moment)
    } finally {
      if (!shared) await stage.close()
    }
  }
  try {
    const calm = await play()
    const problems = [...calm.problems]
    const moments = choose(calm.steps.length, calm.tookMs)
    let deaths = 0
    for (const moment of moments) {
      const { isDead, problems: found } = await play(moment)
      if (isDead) deaths += 1
      const at = 'step' in moment ? (calm.steps[moment.step - 1] ?? moment.step) : `${moment.ms} ms`
      problems.push(...found.map((problem) => `killed at ${at}: ${problem}`))
    }
    const end = shared ? await settle(shared) : { problems: [], builds: {} }
    return {
      flow: `${flow.title}, ${flow.victim} killed`,
      steps: calm.steps,
      tries: moments.length,
      deaths,
      problems: [...problems, ...end.problems],
      builds: end.builds,
    }
  } finally {
    await shared?.close()
  }
}

/** Lets everything end that was begun, and looks whether all agrees. */
async function settle(stage: Stage): Promise<Pick<Kills, 'problems' | 'builds'>> {
  const ends = await stage.drain()
  const problems = await stage.problems()
  const builds: Record<string, number> = {}
  for (const [id, state] of ends) {
    builds[state] = (builds[state] ?? 0) + 1
    if (!isFinal(state)) problems.push(`${id} never ended: ${state}`)
  }
  const { orphans } = readAgreement(stage.house.data)
  if (orphans > 0) problems.push(`${orphans} blobs stay though no row names them`)
  return { problems, builds }
}

interface Played {
  readonly steps: readonly string[]
  readonly tookMs: number
  readonly isDead: boolean
  readonly problems: readonly string[]
}

async function playOnce(stage: Stage, flow: Flow, moment: Moment | undefined): Promise<Played> {
  const killAt = moment && 'step' in moment ? moment.step : undefined
  const killAfterMs = moment && 'ms' in moment ? moment.ms : undefined
  const isServer = flow.victim === 'server'
  // Fresh for each: the steps are counted from the same place.
  if (isServer) await stage.house.restart({ killAt })
  const steps = watchSteps(isServer ? {} : { killAt, killAfterMs, fromStart: true })
  const prepared = await flow.prepare(stage)
  if (isServer) await stage.house.arm()
  const isLate = isServer && killAfterMs !== undefined
  const killing = isLate ? sleep(killAfterMs).then(() => stage.house.kill()) : undefined
  const begin = performance.now()
  // What fails because its server is dead was not acknowledged; what has to hold is looked at afterwards.
  await prepared.act(isServer ? { ...steps, env: {} } : steps).catch(() => {})
  const tookMs = performance.now() - begin
  await killing
  const reached = isServer ? stage.house.reached : steps.reached()
  const isDead = isLate || reached.length === killAt || reached.at(-1)?.endsWith(timeIsUp) === true
  if (isServer && isDead) await stage.house.restart()
  const problems = [...(await prepared.after()), ...(await stage.problems())]
  steps.remove()
  return { steps: reached, tookMs, isDead, problems }
}
