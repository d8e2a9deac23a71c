import { command } from '../command.ts'
import { dateText } from '../io/words.ts'
import { hasKey } from '../needs/credential.ts'
import { endOnServer } from '../sign-in/end-session.ts'
import { endPatienceMs } from '../sign-in/keep.ts'

/** The local session goes whatever the server says, and the exit code is 0 (product ruling 18). */
export const signOut = command(['environment'], async ({ environment, sessions, around, io }) => {
  // A file that cannot be read has been put aside, and is no session any more.
  const record = await sessions.read(environment.name).catch(() => undefined)
  const isTold =
    record !== undefined && record.endedAt === null && (await endOnServer(record, endPatienceMs))
  await sessions.remove(environment.name)
  io.document({
    environment: environment.name,
    signedOut: record !== undefined,
    endedOnServer: record === undefined || record.endedAt !== null || isTold,
  })
  if (record === undefined) {
    io.result.line(`You are not signed in to ${environment.name}.`)
  } else if (isTold || record.endedAt !== null) {
    io.result.marked(
      'done',
      `Signed out of ${environment.name}: the session of ${record.account.email} is over.`,
    )
  } else {
    const until = dateText(new Date(record.session.expiresAt), around.now())
    const page = `${new URL(record.issuer).origin}/account/sessions`
    io.result.marked(
      'warning',
      `Signed out here. The server could not be told: this session stays valid there until ${until}. Revoke it at ${page}`,
    )
  }
  if (hasKey(around.env)) {
    io.talk.marked('warning', 'NORRIX_API_KEY is still set; signing out does not touch it.')
  }
})
