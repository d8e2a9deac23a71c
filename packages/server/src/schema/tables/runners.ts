export interface RunnersTable {
  id: string
  /** Null: lent to every organization, by the server or its operator. */
  org_id: string | null
  /** The server process that runs it beside itself; null for every other runner. */
  server_id: string | null
  name: string
  token_hash: string
  /** Separated by spaces; empty until the first hello. */
  platforms: string
  os: string | null
  version: string | null
  isolation: string | null
  created_at: number
  last_seen_at: number | null
  removed_at: number | null
}

/** A runner's time-limited hold on one build. */
export interface LeasesTable {
  id: string
  build_id: string
  org_id: string
  runner_id: string
  number: number
  token_hash: string
  created_at: number
  expires_at: number
  ended_at: number | null
}
