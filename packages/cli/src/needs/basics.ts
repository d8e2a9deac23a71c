import type { HomePaths } from '../home/folder.ts'
import type { PendingSignOuts } from '../home/pending-sign-outs.ts'
import type { SessionStore } from '../home/sessions.ts'
import type { SettingsFile } from '../home/settings.ts'
import type { Io } from '../io/io.ts'
import type { Surroundings } from '../io/terminal.ts'
import type { Call } from './call.ts'
import type { Profile } from './profile.ts'

/** What every command has without asking. */
export interface Basics {
  readonly around: Surroundings
  readonly io: Io
  readonly call: Call
  readonly profile: Profile
  /** Of this profile. */
  readonly paths: HomePaths
  readonly settings: SettingsFile
  /** Of this profile. */
  readonly sessions: SessionStore
  sessionsOf(profile: string): SessionStore
  readonly pendingSignOuts: PendingSignOuts
  pendingSignOutsOf(profile: string): PendingSignOuts
}
