import type { Migration } from 'kysely/migration'
import { people } from './0001-people.ts'
import { credentialsOfPeople } from './0002-credentials-of-people.ts'
import { buildsAndRunners } from './0003-builds.ts'
import { severalServers } from './0004-several-servers.ts'
import { blobs } from './0005-blobs.ts'
import { boundTokens } from './0006-bound-tokens.ts'

/** In the order of their names. A released one is never edited; the next step is a new file. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-people': people,
  '0002-credentials-of-people': credentialsOfPeople,
  '0003-builds': buildsAndRunners,
  '0004-several-servers': severalServers,
  '0005-blobs': blobs,
  '0006-bound-tokens': boundTokens,
}
