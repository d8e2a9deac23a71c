import type { SessionStore } from '../home/sessions.ts'
import type { Environment } from '../needs/environment.ts'

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
