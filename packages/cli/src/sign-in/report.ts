import type { SessionRecord } from '../home/sessions.ts'
import { dateText, daysUntil } from '../io/words.ts'
import { apiFor } from '../needs/api.ts'
import type { Environment } from '../needs/environment.ts'
import type { Basics } from '../needs/basics.ts'
import { findOrg, reasonText, type FoundOrg } from '../needs/org.ts'
import type { Whoami } from './keep.ts'

/** Says what the sign-in has come to, and what to do next. */
export async function report(
  who: Whoami,
  record: SessionRecord,
  before: Environment,
  basics: Basics,
): Promise<void> {
  const { io, around, settings } = basics
  const now = around.now()
  // The sign-in has just written it down.
  const environment = { ...before, known: (await settings.read()).environments[before.name] }
  const credential = { kind: 'session', record } as const
  const api = apiFor(environment, credential, basics)
  const found = await findOrg({ orgs: who.orgs, api, credential, environment, basics })
  const { user, session } = who
  io.document({
    user,
    session,
    environment: { name: environment.name, url: record.issuer },
    organization: found.kind === 'one' ? found.inUse.org : null,
  })
  io.result.marked('done', `Signed in as ${record.account.email}`)
  io.result.fields([
    { label: 'organization', value: orgLine(found, environment, now) },
    ...(session ? [{ label: 'session', value: sessionLine(session, now) }] : []),
    { label: 'next', value: `norrix build android release${environment.flag}` },
  ])
}

function sessionLine(session: NonNullable<Whoami['session']>, now: Date): string {
  const idleDays = daysUntil(new Date(session.idleExpiresAt), now)
  const until = dateText(new Date(session.expiresAt), now)
  return `${session.device}, ${idleDays} days unused or ${until} at the latest`
}

function orgLine(found: FoundOrg, environment: Environment, now: Date): string {
  if (found.kind === 'one') {
    const { org, because } = found.inUse
    return `${org.name} (${org.id}), ${reasonText(because, now)}`
  }
  if (found.orgs.length === 0)
    return 'none yet; ask for an invitation, or make one in the dashboard'
  return `${found.orgs.length} of yours; choose with norrix orgs select${environment.flag}`
}
