import { agoText, dateText } from '@norrix/cli/io/words'
import { identityOperator } from '../../features/identity/index.ts'
import type { Call } from '../command.ts'
import { withDatabase } from '../environment.ts'

export function usersList(call: Call): Promise<void> {
  const { io, around } = call
  const ago = (at: Date | null) => (at === null ? 'never' : agoText(at, around.now()))
  return withDatabase(call, async (opened) => {
    const users = await identityOperator(opened).listUsers()
    io.document({ users })
    if (users.length === 0) {
      io.result.line('Nobody has an account here yet.')
      return
    }
    io.result.table([
      ['E-MAIL', 'ID', 'FROM', 'STATE', 'SESSIONS', 'LAST USED', 'CREATED'],
      ...users.map((user) => [
        user.email,
        user.id,
        user.issuer,
        user.disabledAt === null ? 'enabled' : 'disabled',
        String(user.sessions),
        ago(user.lastUsedAt),
        dateText(user.createdAt, around.now()),
      ]),
    ])
  })
}
