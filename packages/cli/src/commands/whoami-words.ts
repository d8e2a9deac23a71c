import type { SessionStore } from '../home/sessions.ts'
import type { KeyStorage } from '../home/settings.ts'
import type { Field } from '../io/layout.ts'
import type { Environment } from '../needs/environment.ts'
import type { Profile } from '../needs/profile.ts'

/** What `whoami` says alike with the server and without it. */

export function sourceOf({ server, because }: Environment): string {
  return server?.because === 'NORRIX_API_URL' ? 'NORRIX_API_URL' : because
}

/** The account of the session that a key outranks, if there is one. A broken file is no matter here. */
export async function ignoredSession(
  sessions: SessionStore,
  { name }: Environment,
): Promise<string | undefined> {
  const record = await sessions.read(name).catch(() => undefined)
  return record?.account.email
}

export function warningAbout(email: string): string {
  return `Your session as ${email} is ignored while NORRIX_API_KEY is set.`
}

/** Whose sessions, where that is not the default; and where their key lies. */
export function placeFields(profile: Profile, storage: KeyStorage | undefined): Field[] {
  return [
    ...(profile.flag === ''
      ? []
      : [{ label: 'profile', value: profile.name, because: profile.because }]),
    // Said without pretence: whoever reads the whole home can use what lies in a file (product ruling 17).
    ...(storage === undefined ? [] : [{ label: 'key', value: storage }]),
  ]
}
