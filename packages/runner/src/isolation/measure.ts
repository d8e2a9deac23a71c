import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { runCommand } from '../job/run.ts'
import type { RunResult } from '../job/run.ts'
import { setCanaries } from './canary.ts'
import type { Canaries } from './canary.ts'
import { IsolationError, isolationLevels } from './isolation.ts'
import type { Isolation, IsolationLevel } from './isolation.ts'
import { bwrapLevel, noLevel, uidLevel, usernsLevel } from './levels.ts'
import type { LevelOptions } from './levels.ts'
import { findNode } from './node-for-builds.ts'

export interface MeasureOptions {
  /** Absolute paths that no build may see: data folders, other secret places. The user's home is added. */
  readonly hidden: readonly string[]
  /**
   * A folder of the runner's own; made when missing. Holds a copy of Node where one is needed. Better not in
   * /tmp, which every build has its own of: that would hide a leak in the covers from the measurement.
   */
  readonly scratch: string
  /** Whether `none` may be the answer: on a loopback, single-user install only (ruling 15). */
  readonly allowNone: boolean
  /** Try this level and no other. */
  readonly wanted?: IsolationLevel
}

export interface TriedLevel {
  readonly level: IsolationLevel
  readonly works: boolean
  /** One plain sentence. */
  readonly why: string
}

export interface Measured {
  readonly isolation: Isolation
  readonly report: { readonly level: IsolationLevel; readonly tried: readonly TriedLevel[] }
}

const makers: Readonly<Record<IsolationLevel, (level: LevelOptions) => Isolation>> = {
  uid: uidLevel,
  bwrap: bwrapLevel,
  userns: usernsLevel,
  none: noLevel,
}

/**
 * Finds the best isolation that this machine gives, by trying: at each level a probe runs as a build would
 * and looks for canaries. Takes up to a few seconds. Throws an `IsolationError` that lists what was tried when
 * nothing works and `none` is not allowed.
 */
export async function measureIsolation(options: MeasureOptions): Promise<Measured> {
  const tried: TriedLevel[] = []
  for (const level of isolationLevels.filter((one) => (options.wanted ?? one) === one)) {
    const impossible = whyImpossible(level, options.allowNone)
    if (impossible !== undefined) {
      tried.push({ level, works: false, why: impossible })
      continue
    }
    const isolation = await makeLevel(level, options)
    const attempt = level === 'none' ? nothingKept : await tryLevel(isolation, options.scratch)
    tried.push({ level, ...attempt })
    if (attempt.works) return { isolation, report: { level, tried } }
  }
  throw new IsolationError(
    `Builds cannot be kept apart on this machine: ${tried.map((one) => `${one.level}: ${one.why}`).join(' ')} ` +
      'Install bubblewrap, or run the runner as root.',
  )
}

const nothingKept = { works: true, why: 'Builds can read whatever this user can read.' }

function whyImpossible(level: IsolationLevel, allowNone: boolean): string | undefined {
  if (level === 'none') return allowNone ? undefined : 'It is not allowed here.'
  if (process.platform !== 'linux') return 'It needs Linux.'
  if (level === 'uid' && process.getuid?.() !== 0) return 'The runner is not root.'
  return undefined
}

async function makeLevel(level: IsolationLevel, options: MeasureOptions): Promise<Isolation> {
  const node = await findNode(options.scratch, level === 'uid' ? 'everybody' : 'owner')
  const home = homeOfUser()
  // A service account may have / as its home; there is nothing private in that.
  const hidden = home === '/' ? options.hidden : [...options.hidden, home]
  return makers[level]({ hidden, node })
}

/** A user id without an account, as containers often have, has no home unless HOME names one. */
function homeOfUser(): string {
  try {
    return path.resolve(homedir())
  } catch {
    return '/'
  }
}

/** Whether a build in this isolation finds the canaries; `scratch` as in `MeasureOptions`. */
export async function tryLevel(
  isolation: Isolation,
  scratch: string,
): Promise<{ works: boolean; why: string }> {
  const canaries = await setCanaries(scratch)
  try {
    await isolation.prepare(canaries.workspace)
    const { result, output } = await runProbe(isolation, canaries)
    return judge(result, output, canaries)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { works: false, why: error.message }
  } finally {
    await isolation.release(canaries.workspace)
    await canaries.remove()
  }
}

async function runProbe(
  isolation: Isolation,
  canaries: Canaries,
): Promise<{ result: RunResult; output: string }> {
  const written: string[] = []
  const result = await runCommand(canaries.probe, {
    isolation,
    workspace: canaries.workspace,
    directory: path.join(canaries.workspace, 'source'),
    env: {},
    hidden: [canaries.hiddenFolder],
    readable: [],
    mask: [],
    limits: { wallSeconds: 30, logBytes: 1_000_000, graceSeconds: 1 },
    sink: async (text) => void written.push(text),
  })
  return { result, output: written.join('') }
}

function judge(
  result: RunResult,
  output: string,
  canaries: Canaries,
): { works: boolean; why: string } {
  if (result.kind === 'not-started') return { works: false, why: result.why }
  const seen = [...canaries.secrets]
    .filter(([, secret]) => output.includes(secret))
    .map(([name]) => name)
  if (seen.length > 0) return { works: false, why: `A build could read ${seen.join(', ')}.` }
  if (existsSync(canaries.outside))
    return { works: false, why: 'A build could write outside of its workspace.' }
  if (!output.includes(canaries.alive))
    return { works: false, why: `A build could not run Node: ${lastLine(output)}` }
  return { works: true, why: 'A build read none of the canaries.' }
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? ''
}
