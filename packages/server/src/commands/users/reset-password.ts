import { askPassword } from '@norrix/cli/io/prompt'
import { firstLineOfStdin } from '@norrix/cli/io/stdin'
import { countText } from '@norrix/cli/io/words'
import { identityOperator } from '../../features/identity/index.ts'
import { wordOf, type Call } from '../command.ts'
import { withDatabase } from '../environment.ts'

/** A new password from a person at the terminal or from stdin, never from the arguments: those are for all to read. */
export function usersResetPassword(call: Call): Promise<void> {
  const { io, around } = call
  return withDatabase(call, async (opened) => {
    const users = identityOperator(opened)
    const user = await users.findLocal(wordOf(call, 0))
    const password = io.isInteractive
      ? await askPassword({ message: `New password of ${user.email}`, around })
      : await firstLineOfStdin()
    const { ended } = await users.resetPassword(user, password)
    io.document({ user, sessionsEnded: ended })
    io.talk.marked(
      'done',
      `${user.email} has a new password, and ${countText(ended, 'session')} ended.`,
    )
  })
}
