/** Proofs of a token's key that have been used, for as long as any server would take them: each is taken once. */
export interface UsedProofsTable {
  digest: string
  expires_at: number
}

/** A signed-in person on one device or browser. */
export interface SessionsTable {
  id: string
  account_id: string
  kind: 'cli' | 'browser'
  /** `cli`: the authorization server's grant, whose tokens carry this session. */
  grant_hash: string | null
  /** `browser`: digest of the cookie. */
  cookie_hash: string | null
  device: string
  /** How the person proved who they are: the upstream's display name. */
  signed_in_with: string
  address: string
  created_at: number
  last_used_at: number
  idle_expires_at: number
  expires_at: number
  ended_at: number | null
}
