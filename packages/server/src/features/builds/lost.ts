import type { Db } from '../../kernel/db/database.ts'
import type { Tables } from '../../schema/index.ts'
import type { BuildsTable } from '../../schema/tables/builds.ts'
import { attemptsMax, type Inside } from './deps.ts'
import { addLogLine } from './log.ts'
import { findBuild, moveBuild, takeArtifacts } from './store.ts'

export interface Settled {
  readonly build: BuildsTable
  /** Blobs to remove once the transaction is durable. */
  readonly blobs: readonly string[]
}

/**
 * Settles a running build whose runner was lost: cancelled when somebody had asked for that, failed when it was the last
 * attempt, else queued again. The log of the lost attempt stays, its artifacts go: those of a build are all of one attempt.
 *
 * The caller holds the job, and ends it unless the build is queued.
 */
export async function settleLost(
  { effects, onLost }: Inside,
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
    return { build: settled, blobs: [] }
  }
  if (attempts >= attemptsMax) {
    const failure = { failure_code: 'runner_lost', failure_message: lost }
    const settled = await settle('failed', 'It was the last.', { ...failure, finished_at: now })
    return { build: settled, blobs: [] }
  }
  const blobs = await takeArtifacts(tx, id)
  const free = { started_at: null, runner_id: null, runner_name: null, runner_isolation: null }
  return { build: await settle('queued', 'The build is queued again.', free), blobs }
}

type Fields = Parameters<typeof moveBuild>[3]

/** Removes blobs that nothing names any more. One that stays behind costs room and nothing else. */
export async function removeBlobs(
  { blobs, effects }: Pick<Inside, 'blobs' | 'effects'>,
  keys: readonly string[],
): Promise<void> {
  for (const key of keys) {
    await blobs.remove(key).catch((cause: unknown) => effects.log.warn('blob.left', { key, cause }))
  }
}
