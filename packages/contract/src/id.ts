/** Ids: a prefix that says the kind, and letters and digits. Not secret, and never guessable in order. */

export const idPrefixes = {
  account: 'user',
  org: 'org',
  session: 'ses',
  apiKey: 'key',
  build: 'build',
  artifact: 'art',
  source: 'src',
  runner: 'run',
  lease: 'lease',
  auditEvent: 'evt',
  claim: 'claim',
  request: 'req',
} as const
export type IdKind = keyof typeof idPrefixes

/** An id of one kind, such as `org_8fK2mQx1Za`. */
export type Id<K extends IdKind> = `${(typeof idPrefixes)[K]}_${string}`

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const length = 10

/** What an id's text must look like, for shapes and paths. */
export function idPattern(kind: IdKind): RegExp {
  return new RegExp(`^${idPrefixes[kind]}_[0-9A-Za-z]{1,40}$`)
}

/** A new id: 10 letters or digits, 59 bits. `randomBytes` is the caller's cryptographic source. */
export function newId<K extends IdKind>(
  kind: K,
  randomBytes: (count: number) => Uint8Array,
): Id<K> {
  let text = ''
  while (text.length < length) {
    // 248 is the largest multiple of 62 in a byte; above it a letter would be likelier than the rest.
    for (const byte of randomBytes(length)) {
      if (byte < 248 && text.length < length) text += alphabet.charAt(byte % 62)
    }
  }
  return `${idPrefixes[kind]}_${text}`
}
