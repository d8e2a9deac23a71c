import type { HomePaths } from '../home/folder.ts'
import type { PendingSignOuts } from '../home/pending-sign-outs.ts'
import type { SessionStore } from '../home/sessions.ts'
import type { SettingsFile } from '../home/settings.ts'
import type { Io } from '../io/io.ts'
import type { Surroundings } from '../io/terminal.ts'
import type { Call } from './call.ts'

/** What every command has without asking. */
export interface Basics {
  readonly around: Surroundings
  readonly io: Io
  readonly call: Call
  readonly paths: HomePaths
  readonly settings: SettingsFile
  readonly sessions: SessionStore
  readonly pendingSignOuts: PendingSignOuts
}
