/** What the secrets of every server on this database have to be, told apart by digest. */
export interface SecretDigestsTable {
  name: string
  digest: string
}
