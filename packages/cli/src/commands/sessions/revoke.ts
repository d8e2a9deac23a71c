import { Fault } from '@norrix/contract/fault'
import { sessions as operations } from '@norrix/contract/sessions.operations'
import { command } from '../../command.ts'
import type { Basics } from '../../needs/basics.ts'
import type { Credential } from '../../needs/credential.ts'
import type { Environment } from '../../needs/environment.ts'

export const sessionsRevoke = command(
  ['environment', 'credential', 'api'],
  async ({ environment, credential, api, ...basics }) => {
    const { io, call, around, sessions } = basics
    const sessionId = checkSessionId(call.words[0])
    const isOwn = isThisOne(sessionId, credential)
    if (isOwn) await confirmOwn(environment, basics)
    const session = await api.call(operations.revoke, {
      params: { sessionId },
      signal: around.signal,
    })
    if (isOwn) await sessions.remove(environment.name)
    io.document({ session })
    const rest = isOwn ? ' You are signed out here.' : ''
    io.result.marked('done', `The session on ${session.device} (${session.id}) is over.${rest}`)
  },
)

function isThisOne(sessionId: string, credential: Credential): boolean {
  return credential.kind === 'session' && credential.record.session.id === sessionId
}

/** @throws Fault usage without somebody to ask, interrupted for a no */
async function confirmOwn({ flag }: Environment, { io, around }: Basics): Promise<void> {
  if (!io.isInteractive) {
    throw new Fault('usage', {
      message: 'This is the session that you are asking with; nothing was revoked.',
      fix: `to end it: norrix sign-out${flag}`,
    })
  }
  const { agrees } = await import('../../io/prompt.ts')
  if (await agrees('This is the session you are using. Sign out here?', { around })) return
  throw new Fault('interrupted', { message: 'Nothing was revoked.' })
}

/** @throws Fault usage */
function checkSessionId(text: string | undefined): string {
  if (text !== undefined && /^ses_[0-9A-Za-z]{1,40}$/.test(text)) return text
  throw new Fault('usage', {
    message: `This is not a session's id: ${(text ?? '').slice(0, 60)}`,
    fix: 'ids look like ses_4wRt8y; norrix sessions list shows yours',
  })
}
