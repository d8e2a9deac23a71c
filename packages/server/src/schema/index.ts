import type { AccountsTable, ClaimsTable, OidcStatesTable } from './tables/accounts.ts'
import type { ApiKeysTable } from './tables/api-keys.ts'
import type { AuditEventsTable } from './tables/audit.ts'
import type { ArtifactsTable, BuildLogTable, BuildsTable, SourcesTable } from './tables/builds.ts'
import type { JobsTable } from './tables/jobs.ts'
import type { MembersTable, OrgsTable } from './tables/orgs.ts'
import type { LeasesTable, RunnersTable } from './tables/runners.ts'
import type { SecretDigestsTable } from './tables/secrets.ts'
import type { SessionsTable, UsedProofsTable } from './tables/sessions.ts'

/** Every table. A store takes the few that are its own. */
export interface Tables {
  accounts: AccountsTable
  api_keys: ApiKeysTable
  artifacts: ArtifactsTable
  audit_events: AuditEventsTable
  build_log: BuildLogTable
  builds: BuildsTable
  claims: ClaimsTable
  jobs: JobsTable
  leases: LeasesTable
  members: MembersTable
  oidc_states: OidcStatesTable
  orgs: OrgsTable
  runners: RunnersTable
  secret_digests: SecretDigestsTable
  sessions: SessionsTable
  sources: SourcesTable
  used_proofs: UsedProofsTable
}
