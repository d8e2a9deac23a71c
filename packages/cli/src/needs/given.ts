import type { Client } from '@norrix/contract/client'
import type { HomePaths } from '../home/folder.ts'
import type { SessionStore } from '../home/sessions.ts'
import type { SettingsFile } from '../home/settings.ts'
import type { Io } from '../io/io.ts'
import type { Surroundings } from '../io/terminal.ts'
import type { ProjectHere } from '../project/project.ts'
import type { Call } from './call.ts'
import type { Credential } from './credential.ts'
import type { Environment } from './environment.ts'
import type { OrgInUse } from './org.ts'

/** What every command has without asking. */
export interface Basics {
  readonly around: Surroundings
  readonly io: Io
  readonly call: Call
  readonly paths: HomePaths
  readonly settings: SettingsFile
  readonly sessions: SessionStore
}

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
