export interface ApiKeysTable {
  id: string
  org_id: string
  name: string
  start: string
  secret_hash: string
  /** Separated by spaces, as in OAuth. */
  scopes: string
  created_by: string
  created_by_name: string
  created_at: number
  expires_at: number | null
  revoked_at: number | null
  last_used_at: number | null
  last_used_address: string | null
  last_used_agent: string | null
}
