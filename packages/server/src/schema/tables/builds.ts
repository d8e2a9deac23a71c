import type { BuildState, BuildType, Platform } from '@norrix/contract/builds.policy'

export interface SourcesTable {
  id: string
  org_id: string
  blob: string
  sha256: string
  size_bytes: number
  files: number
  created_at: number
}

export interface BuildsTable {
  id: string
  org_id: string
  platform: Platform
  build_type: BuildType
  state: BuildState
  /** JSON of the contract's `project` and `plan`. */
  project: string
  plan: string
  source_id: string
  queued_by_kind: 'session' | 'key'
  queued_by_id: string
  queued_by_name: string
  created_at: number
  started_at: number | null
  finished_at: number | null
  runner_id: string | null
  runner_name: string | null
  runner_isolation: string | null
  attempts: number
  cancel_requested_at: number | null
  exit_code: number | null
  failure_code: string | null
  failure_message: string | null
  /** Where the log ends, in bytes of UTF-8. */
  log_bytes: number
}

export interface ArtifactsTable {
  id: string
  build_id: string
  name: string
  blob: string
  size_bytes: number
  sha256: string
  content_type: string
  signer: string | null
  stand_in: number
  created_at: number
}

/** A build's log in pieces, in the order of their offsets. */
export interface BuildLogTable {
  build_id: string
  from_byte: number
  text: string
}
