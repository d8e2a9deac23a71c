import { homePaths } from '@norrix/cli/home/folder'
import { fileSessionStore, type SessionRecord, type SessionStore } from '@norrix/cli/home/sessions'
import { settingsFile } from '@norrix/cli/home/settings'

/** The sessions of a home, as the command line itself reads and writes them: encrypted, with the key of that home. */
export function sessionsOf(
  home: string,
  more: {
    readonly profile?: string
    readonly notices?: string[]
    /** For a keyring. */
    readonly env?: Readonly<Record<string, string | undefined>>
  } = {},
): SessionStore {
  const paths = homePaths({ env: {}, homeDir: home, cwd: home }, more.profile)
  const notice = (sentence: string): void => void more.notices?.push(sentence)
  const now = () => new Date(0)
  const settings = settingsFile(paths, notice, now)
  const profile = more.profile ?? 'default'
  const { env = {} } = more
  return fileSessionStore({ paths, profile, settings, env, notice, now, wanted: 'file' })
}

/** The session of one environment. @throws Error where there is none */
export async function storedSession(home: string, environment = 'prod'): Promise<SessionRecord> {
  const record = await sessionsOf(home).read(environment)
  if (!record) throw new Error(`${home} holds no session for ${environment}.`)
  return record
}

/** Puts a record into a home, as a sign-in would have; what is in it may be wrong on purpose. */
export async function storeSession(
  home: string,
  record: SessionRecord,
  environment = 'prod',
): Promise<void> {
  await sessionsOf(home).write(environment, record)
}
