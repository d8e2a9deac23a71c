import { countText } from '@norrix/cli/io/words'
import { identityOperator } from '../../features/identity/index.ts'
import { wordOf, type Call } from '../command.ts'
import { withDatabase } from '../environment.ts'

/** The account, its sessions and the audit row change in one transaction. */
export function usersDisable(call: Call): Promise<void> {
  const { io } = call
  return withDatabase(call, async (opened) => {
    const { user, ended } = await identityOperator(opened).disable(wordOf(call, 0))
    io.document({ user: { ...user, disabled: true }, sessionsEnded: ended })
    io.talk.marked('done', `${user.email} is disabled, and ${countText(ended, 'session')} ended.`)
    io.talk.fields([
      { label: 'keys', value: 'API keys belong to organizations and go on' },
      { label: 'undo', value: `norrix-server users enable ${user.id}` },
    ])
  })
}

export function usersEnable(call: Call): Promise<void> {
  const { io } = call
  return withDatabase(call, async (opened) => {
    const { user } = await identityOperator(opened).enable(wordOf(call, 0))
    io.document({ user: { ...user, disabled: false } })
    io.talk.marked('done', `${user.email} may sign in again.`)
  })
}
