/** A person. Known by who vouches for them (`issuer`) and what they are called there (`subject`), never by mail. */
export interface AccountsTable {
  id: string
  issuer: string
  subject: string
  email: string
  email_verified: number
  name: string | null
  /** scrypt, only where the issuer is `embedded`. */
  password_hash: string | null
  created_at: number
  disabled_at: number | null
}

/** The single-use link by which the first owner takes a new server (ruling 14). There is one row at most, ever. */
export interface ClaimsTable {
  id: string
  /** Always 1, and unique. */
  seat: number
  token_hash: string
  created_at: number
  expires_at: number
  used_at: number | null
}

/** The authorization server's own rows, keyed by digest: nothing in them is a credential (ruling 24). */
export interface OidcStatesTable {
  id_hash: string
  model: string
  payload: string
  grant_hash: string | null
  uid_hash: string | null
  user_code_hash: string | null
  /** Of the key that a token is bound to (RFC 7638, SHA-256): whoever brings the token has to prove that they have it. */
  key_thumbprint: string | null
  consumed_at: number | null
  expires_at: number | null
}
