import type { Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import type { BuildsTable } from '../../schema/tables/builds.ts'
import { attemptsMax, type Inside } from './deps.ts'
import { addLogLine } from './log.ts'
import { findBuild, moveBuild, takeArtifacts } from './store.ts'

export interface Settled {
  readonly build: BuildsTable
  /** Blobs in doubt, to be settled once the transaction has ended. */
  readonly doubted: readonly string[]
}

/**
 * Settles a running build whose runner was lost: cancelled when somebody had asked for that, failed when it was the last
 * attempt, else queued again. The log of the lost attempt stays, its artifacts go: those of a build are all of one attempt.
 *
 * The caller holds the job, and ends it unless the build is queued.
 */
export async function settleLost(
  { effects, blobs, onLost }: Inside,
  tx: Db<Tables>,
  build: BuildsTable,
): Promise<Settled> {
  const now = effects.now()
  const { id, attempts } = build
  onLost?.()
  const lost = `The runner ${build.runner_name ?? ''} was lost in attempt ${attempts} of ${attemptsMax}.`
  const settle = async (to: 'queued' | 'failed' | 'cancelled', say: string, fields: Fields) => {
    await addLogLine(tx, build, `${lost} ${say}`)
    await moveBuild(tx, id, { from: 'running', to }, fields)
    return (await findBuild(tx, id)) ?? build
  }
  if (build.cancel_requested_at !== null) {
    const settled = await settle('cancelled', 'The build is cancelled.', { finished_at: now })
    return { build: settled, doubted: [] }
  }
  if (attempts >= attemptsMax) {
    const failure = { failure_code: 'runner_lost', failure_message: lost }
    const settled = await settle('failed', 'It was the last.', { ...failure, finished_at: now })
    return { build: settled, doubted: [] }
  }
  const doubted = await takeArtifacts(tx, id)
  await blobs.doubt(doubted)
  const free = { started_at: null, runner_id: null, runner_name: null, runner_isolation: null }
  return { build: await settle('queued', 'The build is queued again.', free), doubted }
}

type Fields = Parameters<typeof moveBuild>[3]
