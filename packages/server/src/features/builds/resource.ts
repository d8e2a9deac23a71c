import type { Artifact, Build, Plan, Project } from '@norrix/contract/types'
import { toTime, toTimeOrNull } from '../../kernel/clock.ts'
import type { ArtifactsTable, BuildsTable } from '../../schema/tables/builds.ts'
import type { BuildRow } from './views.ts'

/** A build as it travels. */
export function toBuild(
  row: BuildRow,
  artifacts: readonly ArtifactsTable[],
  publicUrl: string,
): Build {
  return {
    id: row.id,
    orgId: row.org_id,
    platform: row.platform,
    buildType: row.build_type,
    state: row.state,
    project: projectOf(row),
    plan: planOf(row),
    source: {
      sha256: row.source_sha256,
      sizeBytes: row.source_size_bytes,
      files: row.source_files,
    },
    queuedBy: {
      kind: row.queued_by_kind,
      name: row.queued_by_name,
      keyRevoked: row.key_revoked_at !== null,
    },
    createdAt: toTime(row.created_at),
    startedAt: toTimeOrNull(row.started_at),
    finishedAt: toTimeOrNull(row.finished_at),
    runner: runnerOf(row),
    attempts: row.attempts,
    cancelRequested: row.cancel_requested_at !== null,
    exitCode: row.exit_code,
    failure:
      row.failure_code === null
        ? null
        : { code: row.failure_code, message: row.failure_message ?? '' },
    artifacts: artifacts.map(toArtifact),
    logBytes: row.log_bytes,
    url: `${publicUrl.replace(/\/$/, '')}/b/${row.id.replace(/^build_/, '')}`,
  }
}

export function toArtifact(row: ArtifactsTable): Artifact {
  return {
    id: row.id,
    name: row.name,
    sizeBytes: row.size_bytes,
    sha256: row.sha256,
    contentType: row.content_type,
    signer: row.signer,
    standIn: row.stand_in !== 0,
    createdAt: toTime(row.created_at),
  }
}

export function projectOf(row: BuildsTable): Project {
  return JSON.parse(row.project) as Project // written by `create`, which took it from the contract's shape
}

export function planOf(row: BuildsTable): Plan {
  return JSON.parse(row.plan) as Plan // written by `create`, which took it from the contract's shape
}

function runnerOf({
  runner_id: id,
  runner_name: name,
  runner_isolation,
}: BuildRow): Build['runner'] {
  if (id === null || name === null || runner_isolation === null) return null
  type Isolation = NonNullable<Build['runner']>['isolation']
  // From the runner's hello, whose shape allows these levels only.
  return { id, name, isolation: runner_isolation as Isolation } // as: see above
}
