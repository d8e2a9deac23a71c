import type { Client } from '@norrix/contract/client'
import type { ProjectHere } from '../project/project.ts'
import type { Basics } from './basics.ts'
import type { Credential } from './credential.ts'
import type { Environment } from './environment.ts'
import type { OrgInUse } from './org.ts'

/** What a command may declare that it needs; each is found in one way for all commands. */
export interface NeedTable {
  /** Which environment, and where its server is. Asks nobody. */
  readonly environment: Environment
  /** The key or the session. Asks nobody. */
  readonly credential: Credential
  /** The server, with the credential on every request. */
  readonly api: Client
  /** The organization, never guessed (product ruling 7). */
  readonly org: OrgInUse
  readonly project: ProjectHere
}

export type Need = keyof NeedTable

export type Given<N extends Need> = Basics & Pick<NeedTable, N>
