import { rm } from 'node:fs/promises'
import { Fault } from '@norrix/contract/fault'
import { command } from '../../command.ts'
import { environmentFlag } from '../../home/names.ts'
import { profilesIn } from '../../home/profiles.ts'
import type { SessionRecord } from '../../home/sessions.ts'
import { withoutEnvironment } from '../../home/settings.ts'
import { countText } from '../../io/words.ts'
import type { Basics } from '../../needs/basics.ts'
import { checkName } from '../../needs/environment.ts'
import { endOnServer } from '../../sign-in/end-session.ts'
import { endPatienceMs } from '../../sign-in/keep.ts'

/** Forgets a server and what lies here of it; its sessions end there too, where it can be told. */
export const environmentsRemove = command([], async (basics) => {
  const { call, settings, io, paths } = basics
  const name = checkName(call.words[0] ?? '', 'The name')
  await refuseMissing(name, basics)
  const sessions = await sessionsIn(name, basics)
  await confirm(name, sessions, basics)
  const told = await Promise.all(sessions.map((record) => endOnServer(record, endPatienceMs)))
  await rm(paths.environment(name), { recursive: true, force: true })
  await settings.change((now) => withoutEnvironment(now, name))
  const untold = told.filter((isTold) => !isTold).length
  io.document({ removed: name, sessions: sessions.length, endedOnServer: untold === 0 })
  io.result.marked('done', `${name} is removed.`)
  if (untold > 0) {
    const [first] = sessions
    io.talk.marked(
      'warning',
      `The server could not be told: ${countText(untold, 'session')} of yours stay${untold === 1 ? 's' : ''} valid there. Revoke at ${first?.issuer}/account/sessions`,
    )
  }
})

async function refuseMissing(name: string, { settings }: Basics): Promise<void> {
  if (name === 'prod' || name === 'dev') {
    throw new Fault('usage', {
      message: `${name} is one of the two environments that are always there.`,
      fix: `norrix sign-out${environmentFlag(name)} ends your session; norrix sign-in with an address changes its server`,
    })
  }
  if (Object.hasOwn((await settings.read()).environments, name)) return
  throw new Fault('not_found', {
    message: `There is no environment ${name} on this machine.`,
    fix: 'norrix environments list shows yours',
  })
}

/** Of every profile. One that cannot be read here is of no use to anybody, and goes without a word to its server. */
async function sessionsIn(name: string, basics: Basics): Promise<SessionRecord[]> {
  const found: SessionRecord[] = []
  for (const profile of await profilesIn(basics.paths, name)) {
    const record = await basics
      .sessionsOf(profile)
      .read(name)
      .catch(() => undefined)
    if (record && record.endedAt === null) found.push(record)
  }
  return found
}

async function confirm(
  name: string,
  sessions: readonly SessionRecord[],
  { call, io, around }: Basics,
): Promise<void> {
  if (sessions.length === 0 || call.options['yes'] === true) return
  const accounts = [...new Set(sessions.map(({ account }) => account.email))].join(' and ')
  const question = `${name} has a session of ${accounts}. Sign out there and remove it?`
  if (!io.isInteractive) {
    throw new Fault('usage', {
      message: `${name} has a session of ${accounts}, and nobody is here to be asked.`,
      fix: `norrix environments remove ${name} --yes ends it and removes ${name}`,
    })
  }
  const { agrees } = await import('../../io/prompt.ts')
  if (await agrees(question, { around })) return
  throw new Fault('interrupted', { message: 'Nothing was chosen; nothing has changed.' })
}
